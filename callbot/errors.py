"""What can go wrong, as one tree.

::

    CallbotError                    a sentence for a person: what, where, how to put it right
    ├── SettingsError               callbot.toml or the machine (missing model, busy port)
    ├── ScriptError                 one or more findings in a script: file:line:column, code, hint
    ├── ContactListError            a list that cannot be read at all (single rows are problems, not errors)
    ├── TelephonyError              SIP or media failed in a way that is not an outcome; carries sip_status
    ├── SpeechError                 a recogniser or voice cannot work
    ├── StoreError                  the database
    └── FollowUpError               a follow-up failed; says whether trying again can help

Busy, no answer, voicemail and hang-up are outcomes of a call, never errors.
"""

from callbot.language import Text


class CallbotError(Exception):
    """Base of all errors that callbot raises on purpose; its text is fit to be shown to a person."""

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.text = text

    def __str__(self) -> str:
        return str(self.text)


class SettingsError(CallbotError):
    """callbot.toml, the command line or this machine lacks something callbot needs."""


class ScriptError(CallbotError):
    """A script has findings that forbid running it; ``report`` is the whole report, ready to print."""

    def __init__(self, text: Text, report: str = "") -> None:
        super().__init__(text)
        self.report = report


class ContactListError(CallbotError):
    """A contact list cannot be used at all: unreadable file, missing column, nothing in it."""


class TelephonyError(CallbotError):
    """SIP or media failed in a way that is not the outcome of one call, such as a busy port."""

    def __init__(self, text: Text, sip_status: int = 0) -> None:
        super().__init__(text)
        self.sip_status = sip_status


class SpeechError(CallbotError):
    """A recogniser or a voice cannot work: model missing, wrong sum, engine broken."""


class StoreError(CallbotError):
    """The database cannot be reached or has another shape than this version expects."""


class FollowUpError(CallbotError):
    """A follow-up was not accepted; ``retryable`` is False when the same request can never succeed."""

    def __init__(self, text: Text, *, retryable: bool) -> None:
        super().__init__(text)
        self.retryable = retryable
