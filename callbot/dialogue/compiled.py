"""A revision made ready to run: checked model, state machine, intents, types of values. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from callbot.dialogue.machine import ScriptMachine
from callbot.dialogue.understand import Intents, compile_intents
from callbot.protocol import Revision
from callbot.script.inputs import parse_input
from callbot.script.kinds import kinds_of
from callbot.script.model import Script
from callbot.script.revision import read_revision


@dataclass(frozen=True, slots=True)
class CompiledScript:
    """Everything ``engine.advance`` needs of a script; made once per revision and process."""

    revision: Revision
    script: Script
    machine: ScriptMachine
    intents: Intents
    kinds: Mapping[str, str]
    recordings: Mapping[str, str]

    @property
    def longest_ms(self) -> int:
        """When the conversation must come to an end, from pick-up: the session then sends ``TimeUp``."""
        return self.script.longest.time

    def canonical(self, inputs: Mapping[str, str]) -> dict[str, str]:
        """A contact's inputs in canonical form, raw or canonical before; columns the script does not know are dropped.

        Errors: ``InputProblem`` for a missing or unusable one.
        """
        return {name: parse_input(spec, inputs.get(name, "")) for name, spec in self.script.inputs.items()}


def compile_revision(revision: Revision) -> CompiledScript:
    """Make a revision ready; about 0.1 s, so keep the result by ``revision.hash``."""
    bundle = read_revision(revision)
    return CompiledScript(
        revision,
        bundle.script,
        ScriptMachine(bundle.script),
        compile_intents(bundle.intents, bundle.fillers),
        kinds_of(bundle.script),
        bundle.recordings,
    )
