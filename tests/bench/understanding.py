"""Figures of understanding and the engine: how right, how fast, how fast ready. Part of ``make bench``.

Run alone as ``python -m tests.bench.understanding``. A turn is what a line does between text and actions: understanding
with the step's expected answers, the engine, and a look into the knowledge, which a script does only where nothing else
fits. Every phrasing of the judging list is one turn, heard in the middle of the balance reminder. Times are CPU time,
because the machine is shared.
"""

import csv
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from itertools import islice, product

import pytest
from transitions import Machine

from callbot.dialogue.engine import CompiledScript, DialogueState, advance, begin, compile_revision
from callbot.dialogue.knowledge import Knowledge, compile_knowledge
from callbot.dialogue.understand import understand
from callbot.messages import Answered, Heard
from callbot.script.faq import FaqEntry
from callbot.script.graph import exits
from callbot.script.revision import build_revision
from tests.bench.figure import ROOT, Figure, write

pytestmark = pytest.mark.bench

SCRIPT = ROOT / "scripts_dsl" / "balance_reminder.yaml"
LIST = ROOT / "tests" / "data" / "intents_test.csv"
COMMAND = "python -m tests.bench.understanding"
INPUTS = {"name": "王女士", "order_no": "00731", "due": "128.50", "deadline": "2026-06-30"}
NOW = datetime.fromisoformat("2026-06-01T10:00:00+08:00")
QUESTIONS = 300
_TOPICS = ("定金", "尾款", "退款", "发票", "运费", "保修", "优惠券", "积分", "安装", "赠品", "预售", "会员")
_ASKED = (
    "怎么用",
    "什么时候到",
    "可以退吗",
    "在哪里看",
    "要多少钱",
    "过期了怎么办",
    "能不能改",
    "多久有效",
    "找谁办",
    "谁来承担",
)
_WHEN = ("", "下单以后", "收货之后")
_COMPILE = """
import time
from pathlib import Path
from callbot.dialogue.engine import compile_revision
from callbot.script.revision import build_revision
revisions = [build_revision(Path(name)) for name in ("scripts_dsl/balance_reminder.yaml", "ivr_flows/hotline.yaml")]
for revision in revisions:
    began = time.process_time()
    compile_revision(revision)
    print((time.process_time() - began) * 1000)
"""


def figures() -> list[Figure]:
    """How right on the judging list, the time of a turn beside plain ``transitions``, the time to be ready."""
    script = compile_revision(build_revision(SCRIPT))
    with LIST.open(encoding="utf-8", newline="") as file:
        phrasings = [(row["text"], row["intent"] or None) for row in csv.DictReader(file)]
    return [rightness(script, phrasings), turns(script, [text for text, _ in phrasings]), readiness()]


def rightness(script: CompiledScript, phrasings: list[tuple[str, str | None]]) -> Figure:
    """Without a step's expectations, which only help."""
    made = [(understand(text, script.intents).intent, intent) for text, intent in phrasings]
    right = sum(found == intent for found, intent in made) / len(made)
    wrong = sum(found is not None and found != intent for found, intent in made) / len(made)
    taken = sum(found is not None for found, intent in made if intent is None)
    nothing = sum(intent is None for _, intent in made)
    return Figure(
        f"理解（{len(made)} 种说法，其中 {nothing} 种没有意义）| intents understood, list written before tuning",
        "≥ 92 % right, ≤ 3 % wrong",
        f"{right:.1%} right, {wrong:.1%} wrong ({taken} of {nothing} meaningless taken for something)",
        COMMAND,
    )


def turns(script: CompiledScript, texts: list[str]) -> Figure:
    """One turn for each text, beside the same step of the graph by ``transitions`` alone."""
    questions = islice(product(_WHEN, _TOPICS, _ASKED), QUESTIONS)
    knowledge = compile_knowledge(
        {f"q{at}": FaqEntry(questions=("".join(parts),), answer="好。") for at, parts in enumerate(questions)}
    )
    state, _ = advance(script, begin(script, INPUTS, NOW), Answered())
    state, _ = advance(script, state, Heard("是的"))
    assert state.step == "remind"
    assert len(knowledge.known) == QUESTIONS
    took = [_ms(lambda text=text: _turn(script, state, text, knowledge)) for text in texts for _ in range(3)]
    waited = [_ms(lambda text=text: _turn(script, state, text, knowledge), time.perf_counter) for text in texts]
    plain = _plain(script)
    alone = [_ms(plain) for _ in range(2000)]
    phrases = sum(len(intent.whole) + len(intent.phrases) for intent in script.intents.table.values())
    return Figure(
        f"理解+引擎，每轮（{phrases} 条说法，{QUESTIONS} 个问题）| understanding + engine, one turn",
        "p99 ≤ 10 ms",
        f"p50 {_at(took, 0.5):.2f} ms, p99 {_at(took, 0.99):.2f} ms CPU (by the clock p99 {_at(waited, 0.99):.2f} ms); "
        f"{_at(took, 0.5) / _at(alone, 0.5):.0f} × plain transitions ({_at(alone, 0.5) * 1000:.0f} µs)",
        COMMAND,
    )


def _turn(script: CompiledScript, state: DialogueState, text: str, knowledge: Knowledge) -> None:
    advance(script, state, Heard(text))
    knowledge.find(text)


def _plain(script: CompiledScript) -> Callable[[], None]:
    """There and back on a machine with the graph of the script and one model, as the library's manual shows it."""
    ways = [
        {"trigger": way, "source": name, "dest": jump.to}
        for name, step in script.script.steps.items()
        for way, jump in exits(script.script, step).items()
    ]
    machine = Machine(states=list(script.script.steps), initial="greet", transitions=ways, auto_transitions=False)

    def step() -> None:
        machine.set_state("greet")
        machine.trigger("answer:affirm")

    return step


def readiness() -> Figure:
    """CPU time until a revision can be used, in a new process: the first, and one more with the same intents."""
    run = subprocess.run([sys.executable, "-c", _COMPILE], cwd=ROOT, capture_output=True, text=True, check=True)
    first, second = map(float, run.stdout.split())
    return Figure(
        "话术编译（新进程）| a revision made ready, new process",
        "–",
        f"first {first:.0f} ms, another with the same intents {second:.0f} ms (CPU)",
        COMMAND,
    )


def _ms(work: Callable[[], None], clock: Callable[[], float] = time.thread_time) -> float:
    began = clock()
    work()
    return (clock() - began) * 1000


def _at(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))]


def main() -> None:
    """Measure, print and write."""
    found = figures()
    write(found)
    for figure in found:
        sys.stdout.write(f"{figure.what}\n    {figure.measured}    ({figure.bound})\n")


if __name__ == "__main__":
    main()
