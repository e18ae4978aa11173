"""A caller on his way to people: the ringing tone until somebody is there, then nothing but the recording."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from callbot import log
from callbot.audio.tones import ringback
from callbot.ports import CallLeg, HandOverResult, Transfers

_RING_NUMBER = -1  # sentences of a call are numbered from 0
_RING = ringback()


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The hand-over is over, one way or the other; posted to the call's inbox."""

    result: HandOverResult


class HandOver:
    """One hand-over of a session. ``post`` puts a ``HandedOver`` into the inbox, unless it was cancelled before."""

    def __init__(
        self,
        leg: CallLeg,
        transfers: Transfers,
        queue: str,
        now_ms: Callable[[], int],
        post: Callable[[HandedOver], None],
    ) -> None:
        self.queue = queue
        self.connected_ms: int | None = None
        self._leg = leg
        self._now_ms = now_ms
        self._post = post
        self._leg.play(_RING, _RING_NUMBER)
        self._task = asyncio.get_running_loop().create_task(self._run(transfers))

    @property
    def talking(self) -> bool:
        """Whether caller and people hear each other."""
        return self.connected_ms is not None

    def played(self, number: int) -> None:
        """Something was played on the leg: go on ringing when it was the ringing tone."""
        if number == _RING_NUMBER and not self.talking:
            self._leg.play(_RING, _RING_NUMBER)

    def cancel(self) -> None:
        """Give it up or let the people go; nothing is posted after it."""
        self._task.cancel()
        if not self.talking:
            self._leg.stop()

    def _connected(self) -> None:
        self.connected_ms = self._now_ms()
        self._leg.stop()

    async def _run(self, transfers: Transfers) -> None:
        result: HandOverResult = "failed"
        try:
            result = await transfers.hand_over(self._leg, self.queue, self._connected)
        except Exception as error:  # whatever goes wrong with people, the script's `failed` answers it
            log.get(__name__).error("a transfer broke off", queue=self.queue, problem=str(error))
        self._leg.stop()
        self._post(HandedOver("connected" if self.talking else result))
