"""Time and identity: the only module that reads the machine's clock."""

import secrets
import time
from datetime import UTC, datetime

from callbot.ports import Clock


class SystemClock:
    """The machine's clock; satisfies ``ports.Clock``."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic_ms(self) -> int:
        """Milliseconds that never run backwards; only differences mean anything."""
        return time.monotonic_ns() // 1_000_000


_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u


def new_id(prefix: str, clock: Clock) -> str:
    """A new identity such as ``call_01hf3k...``: sorts by time (48 bits of ms), unique by 40 random bits."""
    number = (int(clock.now().timestamp() * 1000) << 40) | secrets.randbits(40)
    digits = []
    for _ in range(18):
        number, digit = divmod(number, 32)
        digits.append(_ALPHABET[digit])
    return f"{prefix}_{''.join(reversed(digits))}"
