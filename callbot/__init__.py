"""callbot: an AI call-centre robot for telephone Mandarin."""

__version__ = "0.1.0"
