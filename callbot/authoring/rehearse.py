"""Runs the tests that stand beside scripts and says what they covered. Pure but for reading files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from callbot.call.text_session import TextSession, TextTurn
from callbot.dialogue.engine import CompiledScript, compile_revision
from callbot.dialogue.pieces import reading
from callbot.errors import ScriptError, SpeechError
from callbot.language import Text
from callbot.messages import ActionFinished, End, Event, Heard, HungUp, KeyPressed, MachineHeard, Say, Silence
from callbot.script import source
from callbot.script.cases import Case, CaseExpect, CaseFile, CaseTurn
from callbot.script.findings import render
from callbot.script.graph import exits, reachable, starts
from callbot.script.inputs import InputProblem
from callbot.script.model import Script
from callbot.script.revision import build_revision
from callbot.script.shape import check_shape, check_yaml
from callbot.zh.written import written

SUFFIX = ".test.yaml"
Listener = Callable[[Path], str | None]
"""Recognises a recording as calls do; None when there is no speech in it. Errors: ``SpeechError``."""
NO_LISTENER = Text("没有识别引擎", "there is no recogniser")


@dataclass(frozen=True, slots=True)
class CaseReport:
    """What came of one case; no problems means that it passed, unless it was ``skipped`` for a reason."""

    name: str
    problems: tuple[Text, ...]
    conversation: tuple[str, ...]
    steps: frozenset[str]
    exits: frozenset[str]
    skipped: Text | None = None


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """All cases of one test file, and what of the script none of them touched."""

    path: Path
    script: str
    cases: tuple[CaseReport, ...]
    unvisited: tuple[str, ...]
    untaken: tuple[str, ...]
    steps: int
    exits: int

    @property
    def passed(self) -> bool:
        """Whether every case passed."""
        return not any(case.problems for case in self.cases)

    @property
    def coverage(self) -> int:
        """How many of all steps and ways the cases touched, in percent, rounded down."""
        every = self.steps + self.exits
        return 100 * (every - len(self.unvisited) - len(self.untaken)) // every


def rehearse(path: Path, zone: str = "Asia/Shanghai", listener: Listener | Text = NO_LISTENER) -> Rehearsal:
    """Run every case of a test file. Instead of a ``listener``, the reason why there is none: cases with recordings
    are skipped for it. Errors: ``ScriptError`` when the file or its script cannot be used at all.
    """
    file = read_cases(path)
    script = compile_revision(build_revision(path.parent / f"{file.script}.yaml"))
    try:
        begins = [datetime.fromisoformat(case.now or file.now).replace(tzinfo=ZoneInfo(zone)) for case in file.cases]
    except ValueError:
        raise ScriptError(
            Text(f"{path} 的 now 写成 2026-06-01 10:00 这样", f"{path}: write `now` like 2026-06-01 10:00")
        ) from None
    ear = _Ear(path.parent, listener)
    cases = tuple(
        _skipped(case, listener) or _run(script, case, file, now, ear)
        for case, now in zip(file.cases, begins, strict=True)
    )
    steps, ways = reachable_ways(script.script)
    return Rehearsal(
        path,
        file.script,
        cases,
        tuple(sorted(steps - {step for case in cases for step in case.steps})),
        tuple(sorted(ways - {way for case in cases for way in case.exits})),
        len(steps),
        len(ways),
    )


def read_cases(path: Path) -> CaseFile:
    """The cases of a test file. Errors: ``ScriptError`` with the whole report."""
    try:
        document = source.read(path)
    except OSError:
        raise ScriptError(Text(f"打不开 {path}", f"{path} cannot be opened")) from None
    found = check_yaml(document) or check_shape(document, CaseFile)
    if found:
        raise ScriptError(Text(f"测试文件 {path} 有错误", f"{path} has errors"), render(found))
    return CaseFile.model_validate(document.data)


def reachable_ways(model: Script) -> tuple[set[str], set[str]]:
    """All steps that a call can come to, and the ways out of them, written ``step way``."""
    steps = reachable(model, starts(model))
    return steps, {f"{name} {way}" for name in steps for way in exits(model, model.steps[name])}


def _skipped(case: Case, listener: Listener | Text) -> CaseReport | None:
    if isinstance(listener, Text) and any(turn.wav is not None for turn in case.turns):
        return CaseReport(case.name, (), (), frozenset(), frozenset(), listener)
    return None


def _run(script: CompiledScript, case: Case, file: CaseFile, now: datetime, ear: "_Ear") -> CaseReport:
    inputs = {**file.with_, **case.with_}
    try:
        session = TextSession(script, inputs, now)
    except InputProblem as problem:
        return CaseReport(case.name, (problem.text,), (), frozenset(), frozenset())
    done = [session.start()]
    problems: list[Text] = []
    for number, turn in enumerate(case.turns, start=1):
        since = len(done)
        problems += [_at(number, problem) for problem in _play(session, turn, done, ear)]
        problems += [_at(number, problem) for problem in _heard(turn, done[since:], session)]
    problems += _expected(case.expect, done, session)
    ways = frozenset(
        " ".join(counter.split(":", 2)[1:]) for counter in session.state.counters if counter.startswith("jump:")
    )
    conversation = tuple(line for turn in done for line in _lines(turn))
    return CaseReport(case.name, tuple(problems), conversation, frozenset(session.state.path), ways)


@dataclass(frozen=True, slots=True)
class _Ear:
    """Hears the recordings of a test file, which are named from its folder."""

    folder: Path
    listener: Listener | Text

    def event(self, turn: CaseTurn) -> Event:
        """What a recording is in a conversation. Errors: ``SpeechError`` for a file that cannot be read."""
        assert turn.wav is not None and not isinstance(self.listener, Text)  # such cases are skipped
        text = self.listener(self.folder / turn.wav)
        return Silence() if text is None else Heard(text, during_prompt=turn.during_prompt)


def _at(number: int, problem: Text) -> Text:
    return Text(f"第 {number} 轮：{problem.zh}", f"turn {number}: {problem.en}")


def _events(turn: CaseTurn) -> list[Event]:
    if turn.hear is not None:
        return [Heard("", turn.hear, during_prompt=turn.during_prompt, emotion=turn.emotion or "")]
    if turn.say is not None:
        return [Heard(turn.say, during_prompt=turn.during_prompt, emotion=turn.emotion or "")]
    if turn.key is not None:
        return [KeyPressed(key) for key in turn.key]
    if turn.silence:
        return [Silence()]
    if turn.machine:
        return [MachineHeard()]
    return [HungUp()] if turn.hangup else []


def _play(session: TextSession, turn: CaseTurn, done: list[TextTurn], ear: "_Ear") -> Iterator[Text]:
    """Let a turn happen; yields what is wrong with the test itself."""
    try:
        events = _events(turn) if turn.wav is None else [ear.event(turn)]
    except SpeechError as error:
        yield error.text
        return
    for event in events:
        if session.state.ended:
            yield Text("通话在这之前已经结束了", "the call had ended before this")
        elif session.waits_for is not None and not (turn.hangup or turn.machine):
            yield Text(
                f"机器人在等 {session.waits_for} 的结果，请写 result",
                f"the robot waits for {session.waits_for}: give its `result`",
            )
        done.append(session.give(event, during_prompt=turn.during_prompt))
    for action, result in turn.result.items():
        if session.waits_for != action:
            yield Text(
                f"没有人在等 {action} 的结果（现在在 {session.state.step}）",
                f"nobody waits for {action} (the step is {session.state.step})",
            )
        done.append(session.give(ActionFinished(action, result, dict(turn.gives))))


def _heard(turn: CaseTurn, done: list[TextTurn], session: TextSession) -> Iterator[Text]:
    spoken = "".join(each.spoken for each in done)
    why = next((f"{u.intent}, {u.why}" for each in done if (u := each.after.understood) is not None), "")
    if turn.bot is not None and turn.bot not in spoken:
        note = f"（听成 {why}）" if why else ""
        yield Text(f"机器人应该说“{turn.bot}”，实际说“{spoken}”{note}", f"expected {turn.bot!r}, got {spoken!r} {why}")
    if turn.quiet and spoken:
        yield Text(f"机器人不该说话，实际说“{spoken}”", f"expected no words, got {spoken!r}")
    if turn.step is not None and turn.step != session.state.step:
        yield Text(
            f"应该到 {turn.step}，实际在 {session.state.step}",
            f"expected the step {turn.step}, got {session.state.step}",
        )


def _expected(expect: CaseExpect, done: list[TextTurn], session: TextSession) -> Iterator[Text]:
    end = next((action for turn in done for action in turn.actions if isinstance(action, End)), None)
    if expect.never_said is not None:
        yield from _spoken_anyway(expect.never_said, done, session)
    if end is None:
        if expect.outcome is not None:
            step = session.state.step
            yield Text(f"通话没有结束，还在 {step}", f"the call has not ended, it is in the step {step}")
        return
    retry_at = None if end.retry_at is None else f"{end.retry_at:%Y-%m-%d %H:%M}"
    compared: tuple[tuple[str, str, object, object], ...] = (
        ("outcome", "结果", expect.outcome, end.outcome),
        ("sms", "短信", expect.sms, end.sms),
        ("tags", "标签", expect.tags, end.tags),
        ("retry_at", "再拨时间", expect.retry_at, retry_at),
    )
    for key, title, wanted, got in compared:
        if key in expect.model_fields_set and wanted != got:
            yield Text(f"{title}应该是 {_shown(wanted)}，实际是 {_shown(got)}", f"{key}: expected {wanted}, got {got}")


def _shown(value: object) -> str:
    return "无" if value is None else "、".join(value) if isinstance(value, tuple) else str(value)


def _spoken_anyway(name: str, done: list[TextTurn], session: TextSession) -> Iterator[Text]:
    """Any reading of a value that was said: as stored, as written, as spoken."""
    value, kind = session.state.variables.get(name), session.script.kinds.get(name)
    if value is None or kind is None:
        yield Text(f"never_said：没有名为 {name} 的值", f"never_said: there is no value {name}")
        return
    readings = {
        value,
        value.removesuffix(".00"),
        written(kind, value),
        "".join(reading(kind, value, session.state.now)),
    }
    for turn in done:
        for say in (action for action in turn.actions if isinstance(action, Say)):
            text = say.text + "".join(say.pieces)
            found = [each for each in sorted(readings) if each in text]
            if found:
                yield Text(f"不该说出 {name}，却说了“{say.text}”", f"{name} was said: {say.text!r}")


def _lines(turn: TextTurn) -> Iterator[str]:
    match turn.event:
        case Heard(text=text, intent=intent):
            yield f"客户：{text or intent or '…'}"
        case KeyPressed(key=key):
            yield f"客户按键：{key}"
        case Silence():
            yield "客户：（沉默）"
        case HungUp():
            yield "客户：（挂断）"
        case MachineHeard():
            yield "（答录机）"
        case ActionFinished(action=action, result=result):
            yield f"系统：{action} = {result}"
        case _:
            pass
    yield from (f"机器人：{action.text}" for action in turn.actions if isinstance(action, Say))
