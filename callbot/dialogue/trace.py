"""One step of a call's trace: the event, where it led, what changed. Pure."""

from callbot.dialogue.engine import DialogueState
from callbot.messages import Action, Event, Heard, TraceStep


def trace_step(
    at_ms: int, event: Event, before: DialogueState, after: DialogueState, actions: tuple[Action, ...]
) -> TraceStep:
    """What the trace keeps of one event; ``at_ms`` from pick-up. Only variables that changed are kept."""
    changed = {name: value for name, value in after.variables.items() if before.variables.get(name) != value}
    return TraceStep(
        at_ms,
        event,
        before.step,
        after.step,
        actions,
        understanding=after.understood if isinstance(event, Heard) else None,
        changed=changed,
    )
