"""The moment at which tests of the store happen."""

from datetime import UTC, datetime

NOW = datetime(2026, 6, 1, 10, tzinfo=UTC)


class FixedClock:
    """Always ``NOW``."""

    def now(self) -> datetime:
        return NOW

    def monotonic_ms(self) -> int:
        return 0
