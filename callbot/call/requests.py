"""Names for what a call asks of systems, so that asking again is not doing again. Pure.

::

    reserve_coupon, order 20731 → call_01k…:reserve_coupon:1 ── no answer in time
    reserve_coupon, order 20731 → call_01k…:reserve_coupon:1    the same question: carried out once, answered again
    payment_status, order 20731 → call_01k…:payment_status:1 ── unpaid
    payment_status, order 20731 → call_01k…:payment_status:2    answered before, so this is a new question
"""

from collections.abc import Mapping


class Requests:
    """The questions of one call."""

    def __init__(self, call_id: str) -> None:
        self._call_id = call_id
        self._asked: dict[str, int] = {}
        self._unanswered: dict[str, dict[str, str]] = {}

    def name(self, action: str, arguments: Mapping[str, str]) -> str:
        """The name of this question: that of the one before when it had the same arguments and never got an answer."""
        if self._unanswered.get(action) != dict(arguments):
            self._asked[action] = self._asked.get(action, 0) + 1
            self._unanswered[action] = dict(arguments)
        return f"{self._call_id}:{action}:{self._asked[action]}"

    def answered(self, action: str, result: str) -> None:
        """A result came. ``failed`` is no answer: nobody knows whether it was carried out."""
        if result != "failed":
            self._unanswered.pop(action, None)
