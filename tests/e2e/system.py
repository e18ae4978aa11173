"""A whole callbot on this machine for tests: all processes, simulated customers, a campaign of its own.

Models and prompts are kept in the project's cache, so only the first test of a clean clone makes them.
"""

import asyncio
import csv
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from callbot import settings, wire
from callbot.processes.supervisor import Supervisor, running
from callbot.protocol import CallProgress, Live
from callbot.settings import Settings
from callbot.simulate.crowd import RTP_PORTS, crowd, free_ports
from callbot.store.repository import Store, open_store

ROOT = Path(__file__).parents[2]
CACHE = ROOT / "var" / "cache"
CUSTOMERS = ROOT / "scripts_dsl" / "examples" / "customers.yaml"
ORDERS = ROOT / "scripts_dsl" / "examples" / "orders.csv"
AUDIO = ROOT / "audio_fixtures"
PROMISES, PAID, SILENT = "13800000001", "13800000002", "13800000005"
NAMES = {PROMISES: "王女士", PAID: "李先生", SILENT: "刘女士"}


@dataclass(frozen=True, slots=True)
class System:
    """What a test sees of it."""

    settings: Settings
    config: Path
    store: Store
    recordings: Path
    supervisor: Supervisor
    live: list[Live]

    def talking(self, contact: str) -> bool:
        """Whether the robot has spoken a whole sentence to the contact of this name, and the call goes on."""
        calls = [message for message in self.live if isinstance(message, CallProgress)]
        kinds = [message.kind for message in calls if message.contact == contact]
        return "robot" in kinds and "ended" not in kinds

    def heard_by(self, number: str) -> list[Path]:
        """Recordings of the calls that reached this customer."""
        return sorted(self.recordings.glob(f"{number}*.wav"))


@asynccontextmanager
async def system(
    folder: Path,
    *,
    lines: int = 1,
    customers: Path = CUSTOMERS,
    more: str = "",
    top: str = "",
    trunk: str | None = None,
    reserve: int = 0,
) -> AsyncIterator[System]:
    """Everything started; ``more`` is appended to callbot.toml, ``top`` put before its sections.

    ``trunk`` (host:port) replaces the customers.
    """
    async with crowd(customers, AUDIO, folder / "customers", 1) as people:
        if trunk:
            host, _, port = trunk.partition(":")
        else:
            host, port = people.trunks[0].host, str(people.trunks[0].port)
        config = folder / "callbot.toml"
        config.write_text(
            f'data_dir = "{folder / "data"}"\ncache_dir = "{CACHE}"\nscripts_dir = "{ROOT / "scripts_dsl"}"\n'
            f'flows_dir = "{ROOT / "ivr_flows"}"\n'
            f'orders_csv = "{ORDERS}"\n{top}'
            f"[telephony]\nlines = {lines}\nreserve = {reserve}\nsip_port = {free_ports(lines)}\n"
            f"rtp_port = {free_ports(lines * RTP_PORTS)}\n"
            f'ring_limit_s = 15\n[[telephony.trunks]]\nname = "t"\nhost = "{host}"\nport = {port}\nchannels = 4\n'
            '[campaign]\ncall_from = "00:00"\ncall_until = "00:00"\n'
            f"[web]\nport = {free_ports(1)}\n{more}",
            "utf-8",
        )
        loaded = settings.load(config)
        store = open_store(_made(loaded))
        try:
            async with running(loaded, config) as supervisor:
                await until(lambda: _ready(loaded), "all lines are ready")
                with _live(loaded) as live:
                    yield System(loaded, config, store, people.recordings, supervisor, live)
        finally:
            store.close()


def _ready(loaded: Settings) -> bool:
    try:
        health = httpx.get(f"http://127.0.0.1:{loaded.web.port}/health").json()
    except httpx.TransportError:
        return False
    return len(health["lines"]) == loaded.telephony.lines


@contextmanager
def _live(loaded: Settings) -> Iterator[list[Live]]:
    """What people could watch live, collected."""
    seen: list[Live] = []
    subscriber: wire.Subscriber[Live] = wire.Subscriber(wire.address(loaded.socket_dir, "live"), Live)

    async def collect() -> None:
        async for message in subscriber.messages():
            seen.append(message)  # noqa: PERF401 - a comprehension would show nothing before its end

    collecting = asyncio.ensure_future(collect())
    try:
        yield seen
    finally:
        collecting.cancel()
        subscriber.close()


def _made(loaded: Settings) -> str:
    loaded.data_dir.mkdir(parents=True)
    return loaded.store_url


def contacts(path: Path, numbers: Sequence[str]) -> Path:
    """A list of contacts for balance_reminder with these phone numbers."""
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["phone", "name", "order_no", "due", "deadline"])
        for number in numbers:
            rows.writerow([number, NAMES.get(number, "王女士"), "60731", "128.50", "2027-06-30"])
    return path


async def until(
    condition: Callable[[], bool | Awaitable[bool]], what: str, *, within_s: float = 60, every_s: float = 0.1
) -> None:
    """Wait for something another process does; fails with ``what`` when it does not happen in time."""
    for _ in range(int(within_s / every_s)):
        answer = condition()
        if answer is True or (not isinstance(answer, bool) and await answer):
            return
        await asyncio.sleep(every_s)
    raise AssertionError(f"did not happen within {within_s:.0f} s: {what}")
