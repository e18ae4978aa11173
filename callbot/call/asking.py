"""What a conversation asks of systems: one answer to a question, in time or ``failed``, and never in mid-sentence."""

from collections.abc import Awaitable, Callable

from callbot import log
from callbot.messages import ActionFinished, Do
from callbot.ports import Systems


class Asking:
    """Questions of one call. ``spawn`` runs them beside it; answers come back through ``post``, the call's inbox."""

    def __init__(
        self, systems: Systems, spawn: Callable[[Awaitable[None]], None], post: Callable[[ActionFinished], None]
    ) -> None:
        self._systems = systems
        self._spawn = spawn
        self._post = post
        self._open: dict[str, tuple[Do, int]] = {}
        self._held: list[ActionFinished] = []

    def ask(self, question: Do, now_ms: int) -> None:
        """Ask; ``failed`` is posted when no answer has come ``question.timeout_ms`` after ``now_ms``."""
        self._open[question.action] = question, now_ms + question.timeout_ms
        self._spawn(self._ask(question))

    def answered(self, answer: ActionFinished) -> None:
        """Hold an answer until the robot has finished speaking; one that comes too late is dropped."""
        if self._open.pop(answer.action, None) is not None:
            self._held.append(answer)

    def pass_time(self, now_ms: int) -> None:
        """Give up questions that are overdue."""
        for action, (_, deadline) in self._open.items():
            if now_ms >= deadline:
                self._post(ActionFinished(action, "failed"))

    def take(self) -> ActionFinished | None:
        """The next answer that is held."""
        return self._held.pop(0) if self._held else None

    async def _ask(self, question: Do) -> None:
        try:
            result, values = await self._systems.ask(question.action, question.arguments)
        except Exception as error:  # whatever a system does, the script's `failed` answers it
            log.get(__name__).error("a system failed", action=question.action, problem=str(error))
            result, values = "failed", {}
        asked, _ = self._open.get(question.action, (None, 0))
        if asked is question:  # a late answer must not pass for that of the next question
            self._post(ActionFinished(question.action, result, values))
