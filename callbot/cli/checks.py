"""The checks of ``callbot doctor``. Each looks at one thing, changes nothing and says how to put it right."""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from ctypes.util import find_library
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from callbot import settings
from callbot.errors import CallbotError
from callbot.language import tr
from callbot.settings import Settings
from callbot.telephony import build

_LOW_DISK_MB = 2000
_NO_DISK_MB = 200
"""Models take 0.3 GB, a recorded minute 2 MB (16 bit, two channels, 8 kHz)."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the doctor; ``fail`` means that callbot cannot work, ``warn`` that a part of it cannot."""

    name: str
    state: Literal["ok", "warn", "fail"]
    found: str
    advice: str = ""

    def as_dict(self) -> dict[str, str]:
        """For ``--json``."""
        return {"name": self.name, "state": self.state, "found": self.found, "advice": self.advice}


def all_checks(config: Path | None = None) -> Iterator[Check]:
    """All checks, one after the other; those that need valid settings are left out when there are none."""
    yield python()
    yield packages()
    yield pjsua2()
    name = tr("配置", "Settings")
    try:
        current = settings.load(config)
    except CallbotError as error:
        yield Check(
            name,
            "fail",
            str(error),
            tr("改好配置文件，或用 callbot init 重新生成", "Correct the file, or `callbot init`"),
        )
        return
    file = config or Path(os.environ.get("CALLBOT_CONFIG") or "callbot.toml")
    yield Check(name, "ok", str(file.resolve()) if file.exists() else tr("没有配置文件，用默认值", "no file, defaults"))
    for check in (data_folder, disk, models, voice_engine, database, sip_ports, web_port):
        yield check(current)
    yield graphviz()
    yield from test_tools()


def python() -> Check:
    """The interpreter: pjsua2-python has wheels for 3.11 and 3.12."""
    version = ".".join(map(str, sys.version_info[:3]))
    if (3, 11) <= sys.version_info[:2] <= (3, 12):
        return Check("Python", "ok", version)
    return Check("Python", "fail", version, tr("请用 Python 3.11 或 3.12", "Use Python 3.11 or 3.12"))


def packages() -> Check:
    """Every dependency that the package declares is installed."""
    name = tr("依赖包", "Packages")
    if not _installed("callbot"):
        return Check(
            name, "fail", tr("callbot 没有安装", "callbot is not installed"), tr("请运行 make demo", "Run `make demo`")
        )
    required = metadata.requires("callbot") or []
    names = [match[0] for line in required if "extra ==" not in line and (match := re.match(r"[\w.-]+", line))]
    missing = [package for package in names if not _installed(package)]
    if missing:
        return Check(
            name, "fail", tr("缺少：", "missing: ") + ", ".join(missing), tr("请运行 make demo", "Run `make demo`")
        )
    return Check(name, "ok", tr(f"{len(names)} 个都在", f"all {len(names)} are there"))


def pjsua2() -> Check:
    """The SIP library loads, tried in a process of its own because a broken native library takes its process along."""
    tried = subprocess.run(
        [sys.executable, "-c", "import pjsua2"], capture_output=True, text=True, timeout=60, check=False
    )
    if tried.returncode == 0:
        return pjsua2_build(build.installed())
    reason = tried.stderr.strip().splitlines()[-1:] or [
        tr(f"退出码 {tried.returncode}", f"exit code {tried.returncode}")
    ]
    return Check(
        "pjsua2", "fail", reason[0], tr("请运行 make clean 再 make demo", "Run `make clean`, then `make demo`")
    )


def pjsua2_build(found: build.Build | None) -> Check:
    """Whose build it is; the packaged one works, for few calls and on private networks."""
    if found is None:
        return Check("pjsua2", "ok", tr("别处安装的版本", "installed in some other way"))
    if found.own:
        return Check("pjsua2", "ok", tr(f"{found.version}，自行编译的版本", f"{found.version}, callbot's own build"))
    return Check(
        "pjsua2",
        "warn",
        tr(
            f"{found.version}，软件包自带的版本：每条线路 4 路通话，TLS 不宜用于公网",
            f"{found.version}, the packaged build: 4 calls a line, no TLS for public networks",
        ),
        tr("路数更多时运行 make pjsua2（编译几分钟）", "For more calls run `make pjsua2` (compiles for some minutes)"),
    )


def data_folder(current: Settings) -> Check:
    """The data folder, or the folder it will be made in, can be written."""
    name, place = tr("数据文件夹", "Data folder"), _existing(current.data_dir)
    if os.access(place, os.W_OK | os.X_OK):
        return Check(name, "ok", str(current.data_dir))
    return Check(
        name,
        "fail",
        tr(f"{place} 没有写权限", f"{place} cannot be written"),
        tr(
            "给当前用户写权限，或在 callbot.toml 里改 data_dir",
            "Give this user the right, or change data_dir in callbot.toml",
        ),
    )


def disk(current: Settings) -> Check:
    """Room for models and recordings."""
    free_mb = shutil.disk_usage(_existing(current.data_dir)).free // 1_000_000
    found = tr(f"剩余 {free_mb} MB", f"{free_mb} MB free")
    state: Literal["ok", "warn", "fail"] = (
        "fail" if free_mb < _NO_DISK_MB else "warn" if free_mb < _LOW_DISK_MB else "ok"
    )
    advice = (
        tr("清理磁盘，或把 data_dir 放到别的盘", "Make room, or put data_dir on another disk") if state != "ok" else ""
    )
    return Check(tr("磁盘", "Disk"), state, found, advice)


def models(current: Settings) -> Check:
    """The models that the chosen engines need are here; they are unpacked at the first start."""
    from callbot.speech.models import status

    name = tr("语音模型", "Speech models")
    wanted = [
        state
        for state in status(current.model_dir, current.speech.vosk_model)
        if state.model.needed or (state.model.name == "vosk-cn" and current.speech.recogniser == "vosk")
    ]
    found = ", ".join(state.model.name for state in wanted)
    problems = [f"{state.model.name}: {state.problem}" for state in wanted if state.problem is not None]
    if not problems:
        return Check(name, "ok", found)
    unpacked_later = all(state.ready or (state.model.files and _installed(*state.model.packages)) for state in wanted)
    return Check(name, "warn" if unpacked_later else "fail", found, " ".join(problems))


def voice_engine(current: Settings) -> Check:
    """espeak-ng, which pyttsx3 speaks with on Linux; other voices do without it."""
    name = "espeak-ng"
    if find_library("espeak-ng"):
        return Check(name, "ok", tr("已安装", "installed"))
    needed = current.speech.voice == "pyttsx3"
    return Check(
        name,
        "fail" if needed else "warn",
        tr("没有安装（只有合成引擎 pyttsx3 用到）", "not installed (only the voice engine pyttsx3 needs it)"),
        "apt-get install espeak-ng",
    )


def database(current: Settings) -> Check:
    """PostgreSQL answers and lets us in; SQLite needs nothing."""
    name, url = tr("数据库", "Database"), current.store_url
    if url.startswith("sqlite"):
        return Check(name, "ok", "SQLite")
    shown = f"PostgreSQL {urlsplit(url).hostname}"
    import psycopg

    try:
        psycopg.connect(re.sub(r"^postgres(ql)?(\+\w+)?:", "postgresql:", url), connect_timeout=5).close()
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0]
        return Check(
            name, "fail", f"{shown}: {reason}", tr("检查 store.url 与数据库是否启动", "Check store.url and the server")
        )
    return Check(name, "ok", shown)


def sip_ports(current: Settings) -> Check:
    """The SIP ports of all lines are free."""
    telephony = current.telephony
    ports = range(telephony.sip_port, telephony.sip_port + telephony.lines)
    busy = [port for port in ports if not _free(telephony.bind, port, socket.SOCK_DGRAM)]
    return _ports(tr("SIP 端口", "SIP ports"), f"{telephony.bind} {ports[0]}-{ports[-1]}", busy, "telephony.sip_port")


def web_port(current: Settings) -> Check:
    """The HTTP port is free."""
    web = current.web
    busy = [] if _free(web.host, web.port, socket.SOCK_STREAM) else [web.port]
    return _ports(tr("HTTP 端口", "HTTP port"), f"{web.host}:{web.port}", busy, "web.port")


def _ports(name: str, shown: str, busy: list[int], key: str) -> Check:
    if not busy:
        return Check(name, "ok", shown)
    return Check(
        name,
        "warn",
        tr(f"{shown}：{busy} 正被占用", f"{shown}: {busy} in use"),
        tr(
            f"若 callbot 正在运行，这是正常的；否则停掉占用者，或改 {key}",
            f"Fine while callbot is running; otherwise stop who uses it, or change {key}",
        ),
    )


def graphviz() -> Check:
    """What ``callbot graph -o FILE.svg`` lays pictures out with; Mermaid needs nothing."""
    place = shutil.which("dot")
    if place:
        return Check("Graphviz", "ok", place)
    found = tr("没有安装，画不了 SVG", "not installed, no SVG pictures of scripts")
    return Check("Graphviz", "warn", found, "apt-get install graphviz")


def test_tools() -> Iterator[Check]:
    """Programs that only the tests use."""
    for program, package in (("sipp", "sip-tester"), ("tshark", "tshark")):
        name = tr(f"{program}（仅测试用）", f"{program} (tests only)")
        place = shutil.which(program)
        if place:
            yield Check(name, "ok", place)
        else:
            yield Check(name, "warn", tr("没有安装", "not installed"), f"apt-get install {package}")


def _installed(*packages: str) -> bool:
    try:
        return all(metadata.version(package) for package in packages)
    except metadata.PackageNotFoundError:
        return False


def _free(host: str, port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _existing(path: Path) -> Path:
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
