"""What came of campaigns: as a table, as CSV, as JSON."""

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.table import Table
from rich.text import Text as RichText

from callbot.cli.live import outcome_name
from callbot.errors import SettingsError
from callbot.language import Text, tr
from callbot.messages import Webhook
from callbot.store.records import (
    Campaign,
    ContactResult,
    ContactState,
    FollowUp,
    FollowUpKind,
    FollowUpState,
    Progress,
)
from callbot.store.repository import Store


def campaign_table(campaigns: Iterator[tuple[Campaign, Progress]]) -> Table:
    """Campaigns with how far they are."""
    table = plain_table(
        tr("编号", "Campaign"),
        tr("名称", "Title"),
        tr("话术", "Script"),
        tr("状态", "State"),
        tr("完成", "Done"),
        tr("中断", "Interrupted"),
    )
    for campaign, progress in campaigns:
        done = f"{progress.done}/{progress.total}"
        state = tr("已打完", "finished") if progress.finished else _state_name(campaign)
        add_row(table, campaign.id, campaign.title, campaign.revision.script, state, done, str(progress.interrupted))
    return table


def result_table(results: Iterator[ContactResult]) -> Table:
    """Outcomes, numbers masked."""
    table = plain_table(
        tr("行", "Row"),
        tr("号码", "Phone"),
        tr("结果", "Outcome"),
        tr("信息", "Slots"),
        tr("通话秒数", "Seconds"),
        tr("短信", "SMS"),
        tr("通知", "Webhook"),
    )
    for one in results:
        told = "，".join(f"{name}={value}" for name, value in (one.call.slots if one.call else {}).items())
        add_row(table, one.key, str(one.phone), _outcome(one), told, str(_seconds(one)), *_told(one))
    return table


def write_csv(store: Store, campaign: str, path: Path) -> int:
    """Write all results with full numbers, as Excel opens them (UTF-8 with its mark); returns the number of rows."""
    inputs: dict[str, None] = {}
    slots: dict[str, None] = {}
    for one in store.campaigns.results(campaign):  # twice over the rows rather than all of them in memory
        inputs |= dict.fromkeys(one.inputs)
        slots |= dict.fromkeys(one.call.slots if one.call else ())
    rows = 0
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["row", "phone", *inputs, *_CSV_COLUMNS, *(f"slot_{name}" for name in slots)])
            for one in store.campaigns.results(campaign):
                told = one.call.slots if one.call else {}
                cells = [one.key, one.phone.number, *(one.inputs.get(name, "") for name in inputs), *_csv_cells(one)]
                writer.writerow([harmless(cell) for cell in [*cells, *(told.get(name, "") for name in slots)]])
                rows += 1
    except OSError as error:
        raise SettingsError(
            Text(
                f"写不了 {path}：{error.strerror}。请关闭正在打开它的程序，或换个位置。",
                f"Cannot write {path}: {error.strerror}. Close the program that has it open, or name another place.",
            )
        ) from None
    return rows


_CSV_COLUMNS = ("outcome", "state", "attempts", "tags", "started_at", "seconds", "sms", "webhook", "recording", "call")


def _csv_cells(one: ContactResult) -> list[str]:
    call = one.call
    return [
        one.outcome,
        one.state,
        str(one.attempts),
        " ".join(call.tags) if call else "",
        call.started_at.isoformat(timespec="seconds") if call else "",
        str(_seconds(one)),
        *_told(one),
        call.recording if call else "",
        call.call_id if call else "",
    ]


def harmless(cell: str) -> str:
    """A cell that a spreadsheet shows and never computes (OWASP, "CSV Injection")."""
    return f"'{cell}" if re.match(r"[=+\-@\t\r]", cell) else cell


def result_json(one: ContactResult) -> dict[str, object]:
    """One contact for programs, the number in full."""
    call = one.call
    return {
        "row": one.key,
        "contact": one.phone.number,
        "inputs": dict(one.inputs),
        "state": one.state,
        "outcome": one.outcome,
        "attempts": one.attempts,
        "call": call.call_id if call else None,
        "started_at": call.started_at.isoformat() if call else None,
        "seconds": _seconds(one) or None,
        "slots": call.slots if call else {},
        "tags": call.tags if call else [],
        "transcript": [
            {"who": said.who, "text": said.text, "start_ms": said.start_ms, "end_ms": said.end_ms}
            for said in (call.transcript if call else ())
        ],
        "sms": sms_json(one.followups),
        "ticket": {"queue": call.ticket.queue, "text": call.ticket.text} if call and call.ticket else None,
        "webhook": webhook_json(call.webhook if call else None, one.followups),
        "recording": call.recording if call else "",
        "recording_offset_ms": call.recording_offset_ms if call else 0,
    }


def sms_json(followups: Iterable[FollowUp]) -> list[dict[str, object]]:
    """What became of the text messages of a call."""
    return [{"text": one.text, **_fate(one)} for one in followups if one.kind is FollowUpKind.SMS]


def webhook_json(webhook: Webhook | None, followups: Iterable[FollowUp]) -> dict[str, object] | None:
    """What another system was to be told of a call, and whether it was."""
    if webhook is None:
        return None
    fates = [_fate(one) for one in followups if one.kind is FollowUpKind.WEBHOOK]
    # Calls of before webhooks were delivered have no follow-up.
    return {"name": webhook.name, "values": webhook.values, **(fates[0] if fates else {"state": None, "problem": None})}


def _fate(one: FollowUp) -> dict[str, object]:
    return {"state": one.state, "problem": str(one.problem) if one.problem else None}


def _outcome(one: ContactResult) -> str:
    if one.state is ContactState.WAITING:
        waiting = tr("等待拨打", "waiting")
        return f"{outcome_name(one.outcome)}（{waiting}）" if one.outcome else waiting
    return tr("通话中", "calling") if one.state is ContactState.CALLING else outcome_name(one.outcome)


def _seconds(one: ContactResult) -> int | str:
    call = one.call
    return round((call.ended_at - call.answered_at).total_seconds()) if call and call.answered_at else ""


def _told(one: ContactResult) -> list[str]:
    """Who was told of the call, and what came of it: by text message, by webhook."""
    names = {
        FollowUpState.PENDING: tr("待发", "pending"),
        FollowUpState.SENT: tr("已发", "sent"),
        FollowUpState.FAILED: tr("失败", "failed"),
    }
    return [
        "，".join(
            names[each.state] + (f"：{each.problem}" if each.problem else "")
            for each in one.followups
            if each.kind is kind
        )
        for kind in (FollowUpKind.SMS, FollowUpKind.WEBHOOK)
    ]


def _state_name(campaign: Campaign) -> str:
    return {
        "ready": tr("未开始", "ready"),
        "running": tr("进行中", "running"),
        "paused": tr("已暂停", "paused"),
        "stopped": tr("已停止", "stopped"),
    }[campaign.state.value]


def plain_table(first: str, *titles: str) -> Table:
    """A table whose cells are never cut off; its first column, the one people copy from, is never broken."""
    table = Table()
    table.add_column(first, no_wrap=True)
    for title in titles:
        table.add_column(title, overflow="fold")
    return table


def add_row(table: Table, *cells: str) -> None:
    """Add cells as they are: square brackets in a customer's data are no markup."""
    table.add_row(*(RichText(cell) for cell in cells))
