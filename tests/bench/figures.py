"""``make bench``: measures what callbot promises and writes docs/figures.md. Never passes or fails on a time.

Run as ``python -m tests.bench.figures [--from-nothing]``; the latter also installs a clean clone from nothing.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from callbot import app, settings
from callbot.dialogue.engine import compile_revision
from callbot.dialogue.pieces import contact_pieces, shared_pieces
from callbot.processes.supervisor import running
from callbot.script.revision import build_revision
from callbot.simulate.crowd import RTP_PORTS, free_ports
from tests.bench import authoring, telephony, understanding
from tests.bench.figure import FIGURES, ROOT, Figure, write

pytestmark = pytest.mark.bench

_TICKS = os.sysconf("SC_CLK_TCK")
_IDLE_S = 30
_NEW_NAMES = ("欧阳女士", "司马先生", "诸葛女士", "慕容先生", "上官女士", "端木先生", "令狐女士", "宇文先生")
"""Rare surnames, each with an amount of its own: all that a contact can bring that was never said before."""
_AMOUNTS = ("128.50", "2399.00", "56.80", "1680.00", "5999.00", "745.20", "3210.00", "99.90")


def demo() -> list[Figure]:
    """Latencies as the customers heard them, in one demo with everything on this machine."""
    began = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-m", "callbot.cli", "demo", "--json"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    took = time.monotonic() - began
    report = json.loads(run.stdout)
    calls, summary = report["calls"], report["summary"]
    turns = sum(len(call["reply_latency_ms"]) for call in calls)
    first = sorted(call["first_audio_ms"] for call in calls if call["first_audio_ms"] is not None)
    silent = sorted(ms for call in calls for ms in call["silent_after_interruption_ms"])
    command = "callbot demo --json"
    return [
        Figure(
            f"应答延迟（客户侧录音，{turns} 轮）| reply latency, customer's recording",
            "p50 ≤ 800 ms, p95 ≤ 1300 ms",
            f"p50 {summary['reply_latency_p50_ms']} ms, p95 {summary['reply_latency_p95_ms']} ms",
            command,
        ),
        Figure("接通到第一声 | first robot audio after pick-up", "≤ 150 ms", f"max {first[-1]} ms", command),
        Figure(
            f"客户打断后静音（{len(silent)} 次）| prompt silent after interruption",
            "≤ 500 ms",
            f"max {silent[-1]} ms" if silent else "no interruption heard",
            command,
        ),
        Figure("已安装时整个演示 | whole demo when installed", "≤ 150 s", f"{took:.0f} s", command),
    ]


def synthesis() -> Figure:
    """CPU time to make what is new for a contact once the script's own pieces exist."""
    loaded = settings.load()
    script = compile_revision(build_revision(ROOT / "scripts_dsl" / "balance_reminder.yaml"))
    shared = set(shared_pieces(script))
    voice = app.voice(loaded)
    costs = []
    for name, due in zip(_NEW_NAMES, _AMOUNTS, strict=True):
        inputs = {"name": name, "order_no": "60731", "due": due, "deadline": "2026-12-31"}
        began = time.process_time()
        for piece in contact_pieces(script, inputs):
            if piece not in shared:
                voice.synthesise(piece)
        costs.append(time.process_time() - began)
    costs.sort()
    return Figure(
        f"新客户的合成（{len(costs)} 位，生僻姓和新金额）| synthesis for a new contact, rare name and new amount",
        "≤ 1 CPU s",
        f"mean {sum(costs) / len(costs):.2f} s, max {costs[-1]:.2f} s",
        "python -m tests.bench.figures",
    )


async def idle() -> Figure:
    """CPU time of all processes of an idle ``serve`` with two lines."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "callbot.toml"
        config.write_text(
            f'data_dir = "{folder}/data"\ncache_dir = "{settings.load().cache_dir}"\n'
            f"[telephony]\nlines = 2\nsip_port = {free_ports(2)}\nrtp_port = {free_ports(2 * RTP_PORTS)}\n"
            f"[web]\nport = {free_ports(1)}\n",
            "utf-8",
        )
        async with running(settings.load(config), config) as supervisor:
            await asyncio.sleep(15)  # models loaded, lines ready
            pids = supervisor.pids()
            before = {name: _cpu_s(pid) for name, pid in pids.items()}
            await asyncio.sleep(_IDLE_S)
            used = {name: (_cpu_s(pid) - before[name]) / _IDLE_S * 100 for name, pid in pids.items()}
    shares = ", ".join(f"{name} {share:.1f} %" for name, share in used.items())
    return Figure(
        f"空闲的 serve，两条线路（{_IDLE_S} s）| idle serve, two lines",
        "≤ 6 % of a core",
        f"{sum(used.values()):.1f} % ({shares})",
        "python -m tests.bench.figures",
    )


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def from_nothing() -> Figure:
    """``make demo`` in a clean clone with an empty environment."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["git", "clone", "-q", str(ROOT), f"{folder}/callbot"], check=True)
        kept = {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "UV_"))}
        environment = {**kept, "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": folder}
        began = time.monotonic()
        command = ["make", "demo", "ARGS=--json"]
        subprocess.run(command, cwd=f"{folder}/callbot", env=environment, capture_output=True, check=True)
        took = time.monotonic() - began
    return Figure("从零开始的 make demo | make demo from nothing", "≤ 15 min", f"{took / 60:.1f} min", "make demo")


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from-nothing", action="store_true", help="also install a clean clone (some minutes)")
    arguments = parser.parse_args()
    figures = [*demo(), synthesis(), asyncio.run(idle()), *authoring.figures(), *understanding.figures()]
    figures += telephony.figures()
    if arguments.from_nothing:
        figures.append(from_nothing())
    write(figures)
    sys.stdout.write(FIGURES.read_text("utf-8"))


if __name__ == "__main__":
    main()
