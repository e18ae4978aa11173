"""A revision made ready to run: checked model, state machine, intents, types of values. Pure."""

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass

from callbot.dialogue.knowledge import Knowledge, compile_knowledge
from callbot.dialogue.machine import ScriptMachine
from callbot.dialogue.understand import Intents, compile_intents
from callbot.protocol import Revision
from callbot.script.faq import FaqEntry
from callbot.script.inputs import InputProblem, parse_input
from callbot.script.kinds import CALLER, DIALLED, kinds_of
from callbot.script.model import InputSpec, Script
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
    knowledge: Knowledge
    faq: Mapping[str, FaqEntry]

    @property
    def longest_ms(self) -> int:
        """When the conversation must come to an end, from pick-up: the session then sends ``TimeUp``."""
        return self.script.longest.time

    def canonical(self, inputs: Mapping[str, str]) -> dict[str, str]:
        """A contact's inputs in canonical form, raw or canonical before; columns the script does not know are dropped.

        A hotline has the number that was dialled and the caller's own, if it is one, instead.
        Errors: ``InputProblem`` for a missing or unusable one.
        """
        values = {name: parse_input(spec, inputs.get(name, "")) for name, spec in self.script.inputs.items()}
        if self.script.kind == "hotline":
            values[DIALLED] = inputs.get(DIALLED, "")
            with contextlib.suppress(InputProblem):  # anonymous, or somebody's invention
                values[CALLER] = parse_input(InputSpec(type="phone"), inputs.get(CALLER, ""))
        return values


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
        compile_knowledge(bundle.faq),
        bundle.faq,
    )
