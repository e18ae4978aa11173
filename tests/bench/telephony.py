"""``make bench-telephony`` and ``make soak``: the figures of the telephony layer, on both builds of PJSIP.

Run as ``python -m tests.bench.telephony [--soak]``; writes its rows of docs/figures.md; never fails on a time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from callbot.telephony import build
from tests.bench.figure import ROOT, Figure, write
from tests.e2e.telephony_own_build import MISSING, with_own_build

_COMMAND = "make bench-telephony"
_SOAK = "make soak"
_MEASURE_S = 12
_ROUNDS = 3
_INBOUND_S = 30
_BOUND_AT = 30
"""Calls that the bound on CPU time is for; with few of them what every tick costs by itself weighs more."""


@dataclass(frozen=True)
class Bench:
    """Runs loads on one build of PJSIP; ``calls`` and ``more_calls`` at once are what it is measured with."""

    name: str
    environment: dict[str, str]
    calls: int
    more_calls: int
    inbound_rate: int

    def figures(self) -> list[Figure]:
        """What applies to both builds."""
        return [*self.cost(), self.gap(), self.inbound()]

    def load(self, role: str, *numbers: int) -> tuple[dict[str, float], dict[str, float]]:
        """What the load printed, and what the far end measured meanwhile."""
        far = self._start("tests.bench.telephony_far", stdin=subprocess.PIPE)
        assert far.stdout is not None
        port = int(far.stdout.readline())
        loaded = self._start("tests.bench.telephony_load", role, str(port), *map(str, numbers))
        try:
            told = loaded.communicate()[0]
        finally:
            heard = far.communicate("")[0]
        if loaded.returncode:
            raise RuntimeError(f"{role} ended with {loaded.returncode}")
        return json.loads(told.splitlines()[-1]), json.loads(heard)

    def _start(self, module: str, *arguments: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            text=True,
        )

    def cost(self) -> list[Figure]:
        """CPU beside bare pjsua2, by turns so that what else the machine does falls on both; and the first audio."""
        rounds = [[self.load(role, self.calls, _MEASURE_S) for role in ("bare", "leg")] for _ in range(_ROUNDS)]
        bare, leg = (min(one[i][0]["cpu_s_per_call_minute"] for one in rounds) for i in range(2))
        heard = min((one[1][1] for one in rounds), key=lambda one: one["first_audio_p95_ms"])
        return [
            Figure(
                f"CPU 每通话分钟，{self.calls} 路，不听，与同一次运行的裸 pjsua2 相比，{self.name} | "
                f"CPU s per call-minute beside bare pjsua2, {self.calls} calls, {self.name}",
                "≤ 1.3 ×" if self.calls >= _BOUND_AT else f"none: it is for {_BOUND_AT} calls, which do not fit",
                f"{leg:.3f} s, bare {bare:.3f} s: {leg / bare:.2f} × (best of {_ROUNDS} each)",
                _COMMAND,
            ),
            Figure(
                f"接通到第一声，{self.calls} 路，客户侧，{self.name} | "
                f"pick-up to first robot audio at the customer, {self.calls} calls, {self.name}",
                "p95 ≤ 200 ms",
                f"p50 {heard['first_audio_p50_ms']} ms, p95 {heard['first_audio_p95_ms']} ms, "
                f"max {heard['first_audio_max_ms']} ms, {heard['first_audio_calls']} calls (best of {_ROUNDS})",
                _COMMAND,
            ),
        ]

    def gap(self) -> Figure:
        """Gaps between RTP packets as they arrive at the customer."""
        found, heard = self.load("leg", self.more_calls, _MEASURE_S)
        return Figure(
            f"客户侧 RTP 间隔，{self.more_calls} 路，{self.name} | "
            f"RTP gap at the customer, {self.more_calls} calls, {self.name}",
            "p99 ≤ 35 ms",
            f"p50 {heard['gap_p50_ms']} ms, p99 {heard['gap_p99_ms']} ms, max {heard['gap_max_ms']} ms "
            f"({found['cpu_s_per_call_minute']:.2f} CPU s per call-minute, {found['rss_mb']:.0f} MB)",
            _COMMAND,
        )

    def inbound(self) -> Figure:
        """Callers of the whole system's hotline, each until the robot has spoken for half a second."""
        command = [sys.executable, "-m", "tests.bench.inbound", "--rate", str(self.inbound_rate)]
        command += ["--seconds", str(_INBOUND_S), "--callers", "2"]
        run = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True)
        title = f"来电，每秒 {self.inbound_rate} 通，{self.name} | inbound, {self.inbound_rate} calls/s, {self.name}"
        if run.returncode:
            return Figure(title, "none lost", f"failed: {run.stderr.strip().splitlines()[-1]}", _COMMAND)
        found = json.loads(run.stdout.splitlines()[-1])
        first = found["first_audio_ms"]
        return Figure(
            title,
            "none lost",
            f"{found['calls']} calls, {found['lost']} lost, {found['stored']} stored; "
            f"first audio p50 {first['p50']} ms, p95 {first['p95']} ms",
            _COMMAND,
        )

    def many(self, calls: int, at_once: int, command: str) -> Figure:
        """Short calls, and what they leave behind."""
        found, _ = self.load("many", calls, at_once)
        grown = found["rss_end_mb"] - found["rss_half_mb"]
        return Figure(
            f"{calls} 通 5 秒的电话，{at_once} 路同时，{self.name} | "
            f"{calls} calls of 5 s, {at_once} at once, {self.name}",
            f"{calls} good, < 5 MB more in the second half",
            f"{found['good']:.0f} good, {found['cut_short']:.0f} with the sentence cut, "
            f"{found['not_connected']:.0f} not connected, {found['legs_left']:.0f} legs left, {grown:+.1f} MB to "
            f"{found['rss_end_mb']} MB, {found['seconds']:.0f} s",
            command,
        )


@contextmanager
def own_build() -> Iterator[Bench | None]:
    """Callbot's own build of PJSIP, or None where it is not there."""
    with tempfile.TemporaryDirectory() as folder:
        environment = with_own_build(Path(folder))
        yield Bench("own build", environment, 30, 60, 10) if environment is not None else None


def packaged() -> Bench | None:
    """The packaged PJSIP, or None where our own build is installed in its place. It carries four calls."""
    found = build.installed()
    return None if found is None or found.own else Bench("packaged", dict(os.environ), 4, 4, 1)


def figures() -> list[Figure]:
    """All but the soak, in under ten minutes; one that says why when there is no own build."""
    index = packaged()
    with own_build() as own:
        found = [Figure("电话层 | telephony", "own build of PJSIP", MISSING, _COMMAND)]
        if own is not None:
            found = [*own.figures(), own.many(1000, 50, _COMMAND)]
    return [*found, *(index.figures() if index is not None else ())]


def soak() -> list[Figure]:
    """Ten thousand calls, in seventeen minutes."""
    with own_build() as own:
        if own is None:
            return [Figure("长跑 | soak", "own build of PJSIP", MISSING, _SOAK)]
        return [own.many(10_000, 50, _SOAK)]


def main() -> None:
    """Measure, write and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--soak", action="store_true", help="10 000 calls instead")
    found = soak() if parser.parse_args().soak else figures()
    write(found)
    for figure in found:
        sys.stdout.write(f"{figure.what}\n    {figure.measured}    ({figure.bound})\n")


if __name__ == "__main__":
    main()
