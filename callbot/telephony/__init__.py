"""SIP legs and their media."""
