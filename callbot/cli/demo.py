"""The demo: a whole campaign on this machine, real in every part but the customers' flesh."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from rich.console import Console
from rich.progress import TaskID
from rich.table import Table

from callbot import log, settings
from callbot.call.prompting import FILLER
from callbot.cli import running
from callbot.cli.live import outcome_name
from callbot.cli.running import bar, prepare_prompts, processes, watch
from callbot.errors import SettingsError
from callbot.language import Text, tr
from callbot.messages import CallResult
from callbot.settings import Settings
from callbot.simulate import measure
from callbot.simulate.crowd import RTP_PORTS, Crowd, crowd, free_ports
from callbot.store.records import ContactResult, FollowUpState, Sms
from callbot.store.repository import Store, open_store
from callbot.turn.taking import TurnPolicy

_LINES = 2
_SMS_WAIT_S = 15.0
_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Report:
    """What the demo found, ready for people and for programs."""

    home: Path
    calls: list[dict[str, object]]
    summary: dict[str, object]
    outbox: list[Sms]


def run_demo(*, as_json: bool) -> None:
    """Do it all; tables on standard output, or JSON there and everything else on standard error."""
    log.configure("demo", level="error")
    console = Console(stderr=as_json)
    base = settings.load()
    _needed_files(base)
    home = base.data_dir / "demo" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    home.mkdir(parents=True)
    report = running.run(_demo(base, home, console))
    if as_json:
        print(json.dumps({"calls": report.calls, "summary": report.summary}, ensure_ascii=False, indent=2))  # noqa: T201
    else:
        _show(report, console)


def _needed_files(base: Settings) -> None:
    for path in (*_files(base), base.scripts_dir / "balance_reminder.yaml"):
        if not path.exists():
            raise SettingsError(
                Text(
                    f"演示需要 {path}，但它不存在。请在项目目录里运行 make demo。",
                    f"The demo needs {path}, which is not there. Run `make demo` in the project's folder.",
                )
            )


def _files(base: Settings) -> tuple[Path, Path, Path, Path]:
    examples = base.scripts_dir / "examples"
    audio = base.scripts_dir.parent / "audio_fixtures"
    return examples / "balance_reminder.csv", examples / "orders.csv", examples / "customers.yaml", audio


async def _demo(base: Settings, home: Path, console: Console) -> Report:
    from callbot.cli.campaign import import_list
    from callbot.dialogue.engine import compile_revision
    from callbot.dialogue.pieces import contact_pieces, shared_pieces

    contacts, orders, customers, audio = _files(base)
    _ready_models(base, console)
    async with crowd(customers, audio, home / "customers", 2) as people:
        config = _write_settings(base, home, orders, people)
        demo = settings.load(config)
        store = open_store(demo.store_url)
        try:
            campaign = import_list(store, demo, contacts, "balance_reminder", title="演示：尾款提醒")
            revision = store.campaigns.get(campaign).revision
            script = compile_revision(revision)
            async with processes(demo, config):
                pieces = [FILLER, *shared_pieces(script)]
                for result in store.campaigns.results(campaign):
                    pieces += contact_pieces(script, result.inputs)
                await prepare_prompts(demo, pieces, console)
                store.campaigns.start(campaign)
                await watch(demo, store, campaign, console)
                await _sms_delivered(store, campaign)
            return _report(store, campaign, home, people)
        finally:
            store.close()


def _ready_models(base: Settings, console: Console) -> None:
    from callbot.speech import models

    with bar(console) as progress:
        for name in ("whisper-base", "kokoro"):
            task = progress.add_task(tr(f"准备模型 {name}", f"Preparing model {name}"), total=None)

            def show(done: int, total: int, task: TaskID = task) -> None:
                progress.update(task, completed=done, total=total)

            models.ensure(name, base.model_dir, show)
            progress.update(task, completed=1, total=1)


def _write_settings(base: Settings, home: Path, orders: Path, people: Crowd) -> Path:
    trunks = "".join(
        f'\n[[telephony.trunks]]\nname = "{t.name}"\nhost = "{t.host}"\nport = {t.port}\nchannels = {t.channels}\n'
        for t in people.trunks
    )
    config = home / "callbot.toml"
    config.write_text(
        f'data_dir = "{home}"\ncache_dir = "{base.cache_dir}"\nscripts_dir = "{base.scripts_dir}"\n'
        f'orders_csv = "{orders}"\n\n'
        f"[telephony]\nlines = {_LINES}\nsip_port = {free_ports(_LINES)}\n"
        f"rtp_port = {free_ports(_LINES * RTP_PORTS)}\nring_limit_s = 15\n{trunks}\n"
        '[campaign]\ncall_from = "00:00"\ncall_until = "00:00"\n\n'
        f"[web]\nport = 0\n",
        "utf-8",
    )
    return config


async def _sms_delivered(store: Store, campaign: str) -> None:
    """Wait for the follow-ups of this campaign, which another process delivers: only the database tells."""
    for _ in range(int(_SMS_WAIT_S / _LOOK_S)):
        planned = await asyncio.to_thread(store.followups.of_campaign, campaign)
        if not any(followup.state is FollowUpState.PENDING for followup in planned):
            return
        await asyncio.sleep(_LOOK_S)


def _report(store: Store, campaign: str, home: Path, people: Crowd) -> Report:
    traces = home / "traces"
    traces.mkdir()
    calls: list[dict[str, object]] = []
    latencies: list[int] = []
    for contact in store.campaigns.results(campaign):
        call = store.campaigns.call(contact.call_id) if contact.call_id else None
        measured = _measured(people.recordings, contact)
        latencies += measured.reply_latency_ms if measured else []
        calls.append(_call_json(contact, call, measured, traces))
    outcomes: dict[str, int] = {}
    for one in calls:
        outcomes[str(one["outcome"])] = outcomes.get(str(one["outcome"]), 0) + 1
    outbox = store.followups.outbox()
    summary: dict[str, object] = {
        "contacts": len(calls),
        "outcomes": outcomes,
        "sms": len(outbox),
        "reply_latency_p50_ms": measure.percentile(latencies, 50),
        "reply_latency_p95_ms": measure.percentile(latencies, 95),
        "folder": str(home),
    }
    return Report(home, calls, summary, outbox)


def _measured(recordings: Path, contact: ContactResult) -> measure.Measured | None:
    """What the contact lived through, on its own recording of its only call."""
    for path in sorted(recordings.glob(f"{contact.phone.number}-*.wav")):
        return measure.measure_file(path)
    return None


def _call_json(
    contact: ContactResult, call: CallResult | None, measured: measure.Measured | None, traces: Path
) -> dict[str, object]:
    trace = ""
    if call and call.trace:
        path = traces / f"{call.call_id}.json"
        path.write_bytes(msgspec.json.format(msgspec.json.encode(call.trace)))
        trace = str(path)
    return {
        "contact": contact.phone.number,
        "name": contact.inputs.get("name", ""),
        "outcome": contact.outcome,
        "slots": call.slots if call else {},
        "transcript": [
            {"who": s.who, "text": s.text, "start_ms": s.start_ms, "end_ms": s.end_ms}
            for s in (call.transcript if call else ())
        ],
        "sms": [followup.text for followup in contact.followups if followup.kind == "sms"],
        "reply_latency_ms": measured.reply_latency_ms if measured else [],
        "silent_after_interruption_ms": [
            i.took_ms
            for i in (measured.interruptions if measured else ())
            if i.begin_ms > TurnPolicy().greeting_guard_ms
        ],
        "first_audio_ms": measured.first_audio_ms if measured else None,
        "recording": call.recording if call else "",
        "trace": trace,
    }


def _show(report: Report, console: Console) -> None:
    table = Table(title=tr("结果", "Outcomes"))
    for title in (
        tr("客户", "Contact"),
        tr("结果", "Outcome"),
        tr("信息", "Slots"),
        tr("应答延迟 ms", "Reply latency ms"),
    ):
        table.add_column(title, overflow="fold")
    for call in report.calls:
        slots = call["slots"]
        assert isinstance(slots, dict)  # _call_json made it
        told = ", ".join(f"{key}={value}" for key, value in slots.items())
        table.add_row(str(call["name"]), outcome_name(str(call["outcome"])), told, str(call["reply_latency_ms"]))
    console.print(table)
    sms = Table(title=tr("短信发件箱", "SMS outbox"))
    sms.add_column(tr("号码", "Phone"))
    sms.add_column(tr("内容", "Text"), overflow="fold")
    for message in report.outbox:
        sms.add_row(str(message.phone), message.text)
    console.print(sms)
    summary = report.summary
    console.print(
        tr("应答延迟", "Reply latency")
        + f"  p50 {summary['reply_latency_p50_ms']} ms  p95 {summary['reply_latency_p95_ms']} ms"
    )
    console.print(tr("录音、轨迹、日志和数据库在 ", "Recordings, traces, logs and database are in ") + str(report.home))
