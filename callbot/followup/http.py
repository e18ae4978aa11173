"""What the status of an HTTP answer says about trying again. Pure."""

_PASSING = frozenset({408, 425, 429})
"""Client errors that pass: RFC 9110 section 15.5.9, RFC 8470 section 5.2, RFC 6585 section 4."""


def may_pass(status: int) -> bool:
    """Whether the same request may succeed later: those, and every 5xx."""
    return status >= 500 or status in _PASSING
