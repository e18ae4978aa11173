"""``make bench-telephony`` and ``make soak``: the figures of the telephony layer on callbot's own build of PJSIP.

Run as ``python -m tests.bench.telephony [--soak]``; ``make bench`` takes the same figures into docs/figures.md.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.figure import Figure
from tests.e2e.telephony_own_build import MISSING, ROOT, with_own_build

_COMMAND = "make bench-telephony"
_MEASURE_S = 12
_ROUNDS = 2


class Bench:
    """Runs loads against a far end, all of them on our own build of PJSIP."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

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
            env=self._environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            text=True,
        )

    def cost(self) -> Figure:
        """CPU beside bare pjsua2, by turns so that what else the machine does falls on both."""
        rounds = [[self.load(role, 30, _MEASURE_S)[0] for role in ("bare", "leg")] for _ in range(_ROUNDS)]
        bare, leg = (min(one[i]["cpu_s_per_call_minute"] for one in rounds) for i in range(2))
        return Figure(
            "CPU 每通话分钟，30 路，不听（同一次运行的裸 pjsua2）| CPU s per call-minute beside bare pjsua2, 30 calls",
            "≤ 1.3 ×",
            f"{leg:.2f} s, bare {bare:.2f} s: {leg / bare:.2f} ×",
            _COMMAND,
        )

    def gap(self) -> Figure:
        """Gaps between RTP packets as they arrive at the customer."""
        found, heard = self.load("leg", 60, _MEASURE_S)
        return Figure(
            "客户侧 RTP 间隔，60 路 | RTP gap at the customer, 60 calls",
            "p99 ≤ 35 ms",
            f"p50 {heard['gap_p50_ms']} ms, p99 {heard['gap_p99_ms']} ms, max {heard['gap_max_ms']} ms "
            f"({found['cpu_s_per_call_minute']:.2f} CPU s per call-minute, {found['rss_mb']:.0f} MB)",
            _COMMAND,
        )

    def many(self, calls: int) -> Figure:
        """Short calls, 50 at once."""
        found, _ = self.load("many", calls, 50)
        grown = found["rss_end_mb"] - found["rss_half_mb"]
        return Figure(
            f"{calls} 通 5 秒的电话，50 路同时 | {calls} calls of 5 s, 50 at once",
            f"{calls} good, < 5 MB more in the second half",
            f"{found['good']:.0f} good, {found['legs_left']:.0f} legs left, {grown:+.1f} MB to "
            f"{found['rss_end_mb']} MB, {found['seconds']:.0f} s",
            _COMMAND if calls < 10_000 else "make soak",
        )


@contextmanager
def bench() -> Iterator[Bench | None]:
    """A bench, or None where our own build is not there."""
    with tempfile.TemporaryDirectory() as folder:
        environment = with_own_build(Path(folder))
        yield Bench(environment) if environment is not None else None


def figures() -> list[Figure]:
    """All of them, in about four minutes; one that says why when there is no own build."""
    with bench() as here:
        if here is None:
            return [Figure("电话层 | telephony", "own build of PJSIP", MISSING, "make pjsua2")]
        return [here.cost(), here.gap(), here.many(1000)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--soak", action="store_true", help="10 000 calls instead (about 20 minutes)")
    if parser.parse_args().soak:
        with bench() as here:
            found = [here.many(10_000)] if here is not None else figures()
    else:
        found = figures()
    for figure in found:
        sys.stdout.write(f"{figure.what}\n    {figure.measured}    ({figure.bound})\n")


if __name__ == "__main__":
    main()
