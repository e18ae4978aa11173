"""Settings of an installation: ``callbot.toml``, checked when read, every value with a sensible default.

Outside data, so pydantic. Secrets are never in the file: it names the environment variable that holds them.
"""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import PydanticCustomError

from callbot.errors import SettingsError
from callbot.language import Text, tr

Port = Annotated[int, Field(ge=1024, le=65535)]


LINE_RTP_PORTS = 200
"""RTP ports per line; a leg takes two (RTP and RTCP), and re-used ones rest a while."""


def _wrong(zh: str, en: str) -> PydanticCustomError:
    return PydanticCustomError("unusable", "{sentence}", {"sentence": tr(zh, en)})


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # KeyError: ZoneInfoNotFoundError
        raise _wrong(
            "没有这个时区，请写成 Asia/Shanghai 这样的名称", "there is no such zone; write one like Asia/Shanghai"
        ) from None
    return name


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StoreSettings(_Section):
    """Where results are kept; an empty url means SQLite in the data folder."""

    url: str = ""


class Trunk(_Section):
    """A SIP trunk: where numbers are dialled, and how many calls it takes at once.

    ``priority``: lower ones are used first, equal ones share the calls. ``register_s``: registered for so long at a
    time, 0 for none. ``check_s``: asked by OPTIONS so often whether it lives, 0 for never.
    """

    name: str
    host: str = "127.0.0.1"
    port: int = Field(default=5060, ge=1, le=65535)
    channels: int = Field(default=4, ge=1)
    caller: str = "callbot"
    priority: int = Field(default=1, ge=1)
    strip: str = Field(default="", pattern=r"^\+?[0-9]*$")
    prefix: str = Field(default="", pattern=r"^\+?[0-9*#]*$")
    username: str = ""
    password_env: str = ""
    register_s: int = Field(default=0, ge=0, le=86400)
    check_s: int = Field(default=0, ge=0, le=3600)
    asserted_identity: bool = False
    transport: Literal["udp", "tcp", "tls"] = "udp"
    srtp: Literal["off", "optional", "required"] = "off"
    codecs: tuple[Literal["PCMA", "PCMU"], ...] = Field(default=("PCMA", "PCMU"), min_length=1)


class TelephonySettings(_Section):
    """The SIP side of this machine. Ports are bases: line N takes ``sip_port + N`` and its own RTP range.

    ``reserve``: legs of every line that new calls leave free for transfers. ``tls_ca``: a PEM file with the certificate
    authorities that sign for TLS trunks, or the trunk's own self-signed certificate; None for those this system trusts.
    """

    bind: str = "127.0.0.1"
    lines: int = Field(default=2, ge=1, le=64)
    sip_port: Port = 15060
    rtp_port: Port = 16000
    ring_limit_s: int = Field(default=30, ge=15, le=120)
    reserve: int = Field(default=0, ge=0, le=500)
    tls_ca: Path | None = None
    trunks: tuple[Trunk, ...] = ()

    @model_validator(mode="after")
    def _ports_exist(self) -> Self:
        last_rtp = self.rtp_port + self.lines * LINE_RTP_PORTS - 1
        if self.sip_port + self.lines - 1 > 65535 or last_rtp > 65535:
            raise _wrong(
                "线路太多，端口超过了 65535，请减小 sip_port 或 rtp_port",
                "ports of the last lines lie beyond 65535; take a smaller sip_port or rtp_port",
            )
        return self

    @model_validator(mode="after")
    def _trunks_differ(self) -> Self:
        names = [trunk.name for trunk in self.trunks]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise _wrong(
                f"[[telephony.trunks]] 里有重名的中继：{'、'.join(twice)}",
                f"several [[telephony.trunks]] have one name: {', '.join(twice)}",
            )
        return self


class TransferQueue(_Section):
    """Where the people of a queue are reached: ``to`` is a number at a trunk or, without one, a whole SIP address.

    ``bridge``: the line calls them and stays between; ``attended`` and ``refer``: the caller's side takes the call.
    """

    name: str
    to: str
    trunk: str = ""
    method: Literal["bridge", "attended", "refer"] = "bridge"
    ring_limit_s: int = Field(default=20, ge=5, le=120)


class TransferSettings(_Section):
    """Callers who want a person; a queue that is not listed leads to the script's ``failed``."""

    queues: tuple[TransferQueue, ...] = ()


class HotlineNumber(_Section):
    """A number that people call, in any spelling (``call.reception``), and the flow that answers."""

    number: str
    flow: str


class HotlineSettings(_Section):
    """Who answers incoming calls. Other numbers get ``default``, or 404 when it is empty.

    ``busy``: the flow that answers when all legs are taken; empty for 486. One leg of every line is kept for it.
    """

    default: str = ""
    busy: str = ""
    numbers: tuple[HotlineNumber, ...] = ()


class SpeechSettings(_Section):
    """Engines; ``vosk_model`` is a folder, needed only when the recogniser is vosk."""

    recogniser: Literal["whisper", "vosk"] = "whisper"
    vosk_model: Path | None = None
    workers: int = Field(default=2, ge=1, le=32)
    voice: Literal["kokoro", "pyttsx3"] = "kokoro"
    speaker: str = "zf_xiaoyi"
    speed: float = Field(default=1.0, ge=0.5, le=2.0)


class SmsSettings(_Section):
    """``outbox`` only writes messages to the store's outbox; ``http`` posts them to ``url``."""

    gateway: Literal["outbox", "http"] = "outbox"
    url: str = ""
    token_env: str = ""
    signature: str = "云杉商城"

    @model_validator(mode="after")
    def _http_has_an_address(self) -> Self:
        if self.gateway == "http" and not self.url.startswith(("http://", "https://")):
            raise _wrong(
                "gateway 是 http 时，url 要写成 http:// 或 https:// 开头的地址",
                "with gateway http, url has to be an address that begins with http:// or https://",
            )
        return self


class ShopSettings(_Section):
    """The shop's systems over HTTP: where ``POST /actions/<name>`` is answered; without ``url`` the tables answer."""

    url: str = Field(default="", pattern=r"^(https?://[^\s?#]+)?$")
    token_env: str = ""


class WebhookSettings(_Section):
    """A system that scripts tell of calls. Token and secret stand in an environment variable or a file of their own.

    ``secret_*``: base64, with or without ``whsec_`` before it, as Standard Webhooks writes them. ``timeout_s`` is as
    long as control waits for a try under way when it stops.
    """

    url: str = Field(examples=["https://crm.example.com/calls"], pattern=r"^https?://[^\s/?#@]+([/?][^\s#]*)?$")
    token_env: str = ""
    token_file: Path | None = None
    secret_env: str = ""
    secret_file: Path | None = None
    timeout_s: int = Field(default=10, ge=1, le=10)

    @field_validator("url")
    @classmethod
    def _port(cls, url: str) -> str:
        """Errors: ``ValueError`` for a port that is none."""
        urlsplit(url).port  # noqa: B018 - reading it checks it
        return url


class CampaignSettings(_Section):
    """Limits that hold for all campaigns of this installation."""

    timezone: Annotated[str, AfterValidator(_known_zone)] = "Asia/Shanghai"
    call_from: str = Field(default="09:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    call_until: str = Field(default="20:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    lease_s: int = Field(default=600, ge=30)


class PublishSettings(_Section):
    """What a script must have before it is published; ``coverage`` in percent of its steps and ways."""

    coverage: int = Field(default=80, ge=0, le=100)


class WebSettings(_Section):
    """The HTTP side of control: health and the REST API; on loopback until told otherwise."""

    host: str = "127.0.0.1"
    port: int = Field(default=8710, ge=0, le=65535)


class Settings(_Section):
    """Everything in ``callbot.toml``. Paths are absolute once loaded.

    ``data_dir`` holds what must be kept (database, recordings, journals); ``cache_dir`` what can be made again (models
    joined from their packages, prompts).
    """

    data_dir: Path = Path("var")
    cache_dir: Path = Path("var/cache")
    scripts_dir: Path = Path("scripts_dsl")
    flows_dir: Path = Path("ivr_flows")
    orders_csv: Path | None = None
    coupons_csv: Path | None = None
    store: StoreSettings = StoreSettings()
    telephony: TelephonySettings = TelephonySettings()
    transfer: TransferSettings = TransferSettings()
    hotline: HotlineSettings = HotlineSettings()
    speech: SpeechSettings = SpeechSettings()
    sms: SmsSettings = SmsSettings()
    shop: ShopSettings = ShopSettings()
    webhooks: dict[str, WebhookSettings] = {}
    campaign: CampaignSettings = CampaignSettings()
    publish: PublishSettings = PublishSettings()
    web: WebSettings = WebSettings()

    @property
    def store_url(self) -> str:
        """SQLAlchemy URL of the store."""
        return self.store.url or f"sqlite:///{self.data_dir / 'callbot.db'}"

    @property
    def kept_legs(self) -> int:
        """Legs of every line that no conversation takes: for transfers, and for saying that all are busy."""
        return self.telephony.reserve + bool(self.hotline.busy)

    @property
    def socket_dir(self) -> Path:
        """Where the processes of this installation meet."""
        return self.data_dir / "run"

    @property
    def recording_dir(self) -> Path:
        """Recordings, a folder a day."""
        return self.data_dir / "recordings"

    @property
    def prompt_dir(self) -> Path:
        """Prompt cache, shared by all processes of the machine."""
        return self.cache_dir / "prompts"

    @property
    def model_dir(self) -> Path:
        """Models that were joined from their packages."""
        return self.cache_dir / "models"


def load(path: Path | None = None) -> Settings:
    """Read settings from ``path``, from ``$CALLBOT_CONFIG``, from ./callbot.toml, or take the defaults.

    Relative paths in the file count from the file's folder. Errors: ``SettingsError`` that names file and key.
    """
    if path is None:
        named = os.environ.get("CALLBOT_CONFIG")
        path = Path(named) if named else Path("callbot.toml")
        if not named and not path.exists():
            return _absolute(Settings(), Path.cwd())
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            Text(
                f"找不到配置文件 {path}。请运行 callbot init 生成一份，或检查 CALLBOT_CONFIG。",
                f"There is no settings file {path}. Run `callbot init` to write one, or check CALLBOT_CONFIG.",
            )
        ) from None
    except OSError as error:
        raise SettingsError(
            Text(
                f"配置文件 {path} 读不了：{error.strerror}。请检查路径和权限。",
                f"{path} cannot be read: {error.strerror}. Check the path and its permissions.",
            )
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(
            Text(f"配置文件 {path} 不是有效的 TOML：{error}", f"{path} is not valid TOML: {error}")
        ) from None
    try:
        return _absolute(Settings.model_validate(raw), path.resolve().parent)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        section = isinstance(first["input"], dict)  # a whole one is too long to be shown
        now = Text("", "") if section else Text(f"（现值 {first['input']!r}）", f" (it is {first['input']!r})")
        raise SettingsError(
            Text(
                f"配置文件 {path} 的 {key} 不对：{first['msg']}{now.zh}",
                f"{path}: {key} is wrong: {first['msg']}{now.en}",
            )
        ) from None


def _absolute(settings: Settings, base: Path) -> Settings:
    changes: dict[str, object] = {
        "data_dir": base / settings.data_dir.expanduser(),
        "cache_dir": base / settings.cache_dir.expanduser(),
        "scripts_dir": base / settings.scripts_dir.expanduser(),
        "flows_dir": base / settings.flows_dir.expanduser(),
    }
    if settings.orders_csv is not None:
        changes["orders_csv"] = base / settings.orders_csv.expanduser()
    if settings.coupons_csv is not None:
        changes["coupons_csv"] = base / settings.coupons_csv.expanduser()
    if settings.speech.vosk_model is not None:
        model = base / settings.speech.vosk_model.expanduser()
        changes["speech"] = settings.speech.model_copy(update={"vosk_model": model})
    changes["webhooks"] = {
        name: webhook.model_copy(
            update={
                key: base / file.expanduser()
                for key, file in (("token_file", webhook.token_file), ("secret_file", webhook.secret_file))
                if file is not None
            }
        )
        for name, webhook in settings.webhooks.items()
    }
    if settings.telephony.tls_ca is not None:
        authorities = base / settings.telephony.tls_ca.expanduser()
        changes["telephony"] = settings.telephony.model_copy(update={"tls_ca": authorities})
    return settings.model_copy(update=changes)
