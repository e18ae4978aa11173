"""Which flows answer, and when lines hear of them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callbot.call.prompting import FILLER
from callbot.errors import ScriptError, SettingsError, SpeechError
from callbot.language import Text
from callbot.processes import hotlines
from callbot.processes.hotlines import Hotlines
from callbot.protocol import AnswerCalls, LineBeat, LineReady, Revision, ToLine
from callbot.script.revision import build_revision
from callbot.settings import HotlineNumber, HotlineSettings, Settings
from callbot.store.calls import IncomingStore
from callbot.store.publications import PublicationStore
from callbot.store.records import Publication

pytestmark = pytest.mark.unit

FLOWS = Path(__file__).parents[2] / "ivr_flows"


def settings(folder: Path = FLOWS, **hotline: object) -> Settings:
    return Settings(flows_dir=folder, hotline=HotlineSettings.model_validate(hotline))


class Publications(PublicationStore):
    """What was published, kept in a list."""

    def __init__(self, *made: Revision) -> None:
        self.made = made

    def newest(self, script: str) -> Publication | None:
        mine = [revision for revision in self.made if revision.script == script]
        return Publication(len(mine), mine[-1], "李", "改菜单", datetime.now(UTC), "") if mine else None


def flows_of(settings: Settings, *published: Revision) -> AnswerCalls:
    return hotlines.flows_of(settings, Publications(*published))


def test_a_published_flow_answers_whatever_its_file_says(tmp_path: Path) -> None:
    published = build_revision(FLOWS / "all_busy.yaml")
    (tmp_path / "all_busy.yaml").write_text("dsl: [", "utf-8")
    assert flows_of(settings(tmp_path, default="all_busy"), published).default == published


def test_every_number_gets_its_flow() -> None:
    flows = flows_of(
        settings(numbers=(HotlineNumber(number="1", flow="hotline"), HotlineNumber(number="2", flow="hotline")))
    )
    assert {number: flow.script for number, flow in flows.numbers.items()} == {"1": "hotline", "2": "hotline"}
    assert (flows.default, flows.busy) == (None, None)
    both = flows_of(settings(default="hotline", busy="all_busy"))
    assert both.default is not None
    assert both.busy is not None
    assert both.busy.script == "all_busy"


def test_a_flow_that_is_not_there_or_is_none_is_explained(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nobody"):
        flows_of(settings(default="nobody"))
    with pytest.raises(SettingsError, match="kind"):
        flows_of(settings(FLOWS.parent / "scripts_dsl", default="balance_reminder"))
    (tmp_path / "broken.yaml").write_text("dsl: [", "utf-8")
    with pytest.raises(ScriptError):
        flows_of(settings(tmp_path, busy="broken"))


class Shop:
    async def ask(self, action: str, arguments: Mapping[str, str]) -> tuple[str, dict[str, str]]:
        raise KeyError(action)

    def spoken_texts(self) -> Sequence[str]:
        return ("已经发货",)


class Published(IncomingStore):
    def __init__(self) -> None:
        self.flows: list[Revision] = []

    def publish(self, flows: Iterable[Revision]) -> None:
        self.flows += flows


class World:
    def __init__(self, flows: AnswerCalls) -> None:
        self.store = Published()
        self.made: list[str] = []
        self.sent: list[tuple[str, ToLine]] = []
        self.away = False
        self.hotlines = Hotlines(flows, self.store, Shop(), self.prepare, self.send)

    async def prepare(self, pieces: Sequence[str]) -> None:
        if self.away:
            raise SpeechError(Text("没有应答", "no answer"))
        self.made += pieces

    async def send(self, line: str, message: ToLine) -> None:
        self.sent.append((line, message))


READY = LineReady(line="line-1", incarnation="a", legs=4, media="")
BEAT = LineBeat("line-1", "a", ())


async def test_lines_hear_of_flows_once_each_and_only_when_prompts_are_ready() -> None:
    flows = flows_of(settings(default="hotline"))
    world = World(flows)
    await world.hotlines.note(READY)
    assert world.sent == []
    await world.hotlines.run()
    assert {FILLER, "已经发货", "正在为您转接人工，请稍候。"} <= set(world.made)
    assert [flow.script for flow in world.store.flows] == ["hotline"]
    await world.hotlines.note(BEAT)
    await world.hotlines.note(BEAT)
    await world.hotlines.note(LineReady(line="line-1", incarnation="b", legs=4, media=""))
    assert world.sent == [("line-1", flows)] * 2


async def test_without_hotlines_lines_refuse_every_number() -> None:
    world = World(flows_of(settings()))
    await world.hotlines.run()
    await world.hotlines.note(BEAT)
    assert world.sent == [("line-1", AnswerCalls({}))]
    assert world.made == []
