"""The only module that chooses implementations: one function per port."""

import base64
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from callbot.clock import SystemClock
from callbot.errors import SettingsError
from callbot.language import Text
from callbot.ports import Recogniser, ShopSystems, SmsGateway, Vad, Voice
from callbot.settings import LINE_RTP_PORTS, Settings, Trunk
from callbot.speech.prompts import PromptCache
from callbot.telephony.pjsua2_leg import EndpointConfig, IncomingCall, Pjsua2Endpoint
from callbot.telephony.switchboard import QueueTarget
from callbot.telephony.trunks import Login, uri_of

if TYPE_CHECKING:
    from callbot.followup.webhook import Webhooks
    from callbot.store.repository import Store

_SECRET_BYTES = 24
"""Least length of a key: Standard Webhooks 1.0, "Signature scheme"."""


def recogniser(settings: Settings) -> Recogniser:
    """The recogniser of the settings, its model loaded. Errors: ``SpeechError``."""
    from callbot.speech import models

    match settings.speech.recogniser:
        case "whisper":
            from callbot.speech.whisper import WhisperRecogniser

            return WhisperRecogniser(models.ensure("whisper-base", settings.model_dir), settings.speech.workers)
        case "vosk":
            from callbot.speech.vosk import VoskRecogniser

            return VoskRecogniser(models.vosk_folder(settings.speech.vosk_model))


def voice(settings: Settings) -> Voice:
    """The voice of the settings, loaded. Errors: ``SpeechError``."""
    from callbot.speech import models

    match settings.speech.voice:
        case "kokoro":
            from callbot.speech.kokoro import KokoroVoice

            model = models.ensure("kokoro", settings.model_dir)
            return KokoroVoice(model, settings.speech.speaker, settings.speech.speed)
        case "pyttsx3":
            from callbot.speech.pyttsx3_voice import Pyttsx3Voice

            return Pyttsx3Voice(settings.speech.speed)


def prompts(settings: Settings) -> PromptCache:
    """The prompt cache of the voice in the settings; does not load the voice."""
    return PromptCache(settings.prompt_dir, voice_name(settings))


def voice_name(settings: Settings) -> str:
    """``Voice.name`` of the voice in the settings."""
    from callbot.speech import models

    speech = settings.speech
    engine = models.KOKORO_SOUND if speech.voice == "kokoro" else speech.voice
    return f"{engine}/{speech.speaker}/{speech.speed}"


def vad() -> Vad:
    """A voice activity detector for one leg."""
    from callbot.turn.vad import GatedVad

    return GatedVad()


def queue_targets(settings: Settings) -> dict[str, QueueTarget]:
    """Where the people of each queue are reached. Errors: ``SettingsError`` for one that leads nowhere."""
    trunks = {trunk.name: trunk for trunk in settings.telephony.trunks}
    targets = {}
    for queue in settings.transfer.queues:
        if queue.trunk in trunks:
            trunk = trunks[queue.trunk]
            uri = uri_of(trunk, queue.to)
        elif not queue.trunk and queue.to.startswith(("sip:", "sips:")):
            uri = queue.to
        else:
            raise SettingsError(
                Text(
                    f"配置里的转接队列 {queue.name} 无处可通：trunk 要写 [[telephony.trunks]] 里有的名称，"
                    "或者不写 trunk，把 to 写成完整的 sip: 地址。",
                    f"Queue {queue.name} of the settings leads nowhere: name one of [[telephony.trunks]] as its trunk, "
                    "or leave the trunk out and give a whole sip: address in `to`.",
                )
            )
        targets[queue.name] = QueueTarget(uri, queue.method, queue.ring_limit_s * 1000, queue.trunk)
    return targets


async def endpoint(settings: Settings, number: int, on_incoming: Callable[[IncomingCall], None]) -> Pjsua2Endpoint:
    """The SIP endpoint of line ``number`` (from 0). Errors: ``TelephonyError`` such as a busy port."""
    telephony = settings.telephony
    return await Pjsua2Endpoint.start(
        EndpointConfig(
            bind=telephony.bind,
            sip_port=telephony.sip_port + number,
            rtp_port=telephony.rtp_port + number * LINE_RTP_PORTS,
            rtp_ports=LINE_RTP_PORTS,
            tls_ca=telephony.tls_ca,
            logins=tuple(Login(trunk, _password(trunk)) for trunk in telephony.trunks),
        ),
        on_incoming,
    )


def _password(trunk: Trunk) -> str:
    name = trunk.password_env
    if name and name not in os.environ:
        raise SettingsError(
            Text(
                f"中继 {trunk.name} 的密码应在环境变量 {name} 里，但它没有设置。",
                f"The password of trunk {trunk.name} should be in the environment variable {name}, which is not set.",
            )
        )
    return os.environ.get(name, "") if name else ""


def store(settings: Settings) -> "Store":
    """The database, its tables up to date. Errors: ``StoreError``."""
    from callbot.store.repository import open_store

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return open_store(settings.store_url)


def systems(settings: Settings) -> ShopSystems:
    """The systems that scripts may ask. Errors: ``SettingsError`` when the token's environment variable is not set."""
    from callbot.customers.http_shop import HttpShop
    from callbot.customers.orders import CsvTable
    from callbot.customers.tables_shop import Tables, TablesShop
    from callbot.script.library import load
    from callbot.store.shop import ShopRecords

    if settings.shop.url:
        token = _token(settings.shop.token_env, Text("商城接口", "the shop's API"))
        return HttpShop(settings.shop.url, load(settings.scripts_dir).actions, token)
    orders, coupons = settings.orders_csv, settings.coupons_csv
    tables = Tables(
        CsvTable(orders, "order_no", "orders_csv") if orders else None,
        CsvTable(coupons, "code", "coupons_csv") if coupons else None,
    )
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return TablesShop(tables, ShopRecords(settings.data_dir / "shop.db"), SystemClock())


def sms_gateway(settings: Settings, store: "Store") -> SmsGateway:
    """The gateway of the settings. Errors: ``SettingsError`` when the token's environment variable is not set."""
    from callbot.followup.sms import HttpGateway, OutboxGateway

    match settings.sms.gateway:
        case "outbox":
            return OutboxGateway(store.followups)
        case "http":
            return HttpGateway(settings.sms.url, _token(settings.sms.token_env, Text("短信网关", "the SMS gateway")))


def webhooks(settings: Settings) -> "Webhooks":
    """The systems that are told of calls. Errors: ``SettingsError`` for a token or secret that cannot be read."""
    from callbot.followup.webhook import Target, Webhooks

    targets = {}
    for name, webhook in settings.webhooks.items():
        of = Text(f"webhook {name} ", f"webhook {name}")
        token = _token(webhook.token_env, of) or _kept(webhook.token_file, f"webhooks.{name}.token_file")
        secret = _token(webhook.secret_env, of) or _kept(webhook.secret_file, f"webhooks.{name}.secret_file")
        targets[name] = Target(webhook.url, webhook.timeout_s, token, _secret(secret, name))
    return Webhooks(targets, SystemClock())


def _kept(file: Path | None, key: str) -> str:
    """The first line of a file that keeps a secret, "" when none is named."""
    if file is None:
        return ""
    try:
        line = file.read_text("utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError):
        line = ""
    if not line:
        raise SettingsError(
            Text(
                f"{key} 写的文件 {file} 读不到内容。请检查路径和权限。",
                f"{key}: nothing can be read from {file}. Check its path and rights.",
            )
        )
    return line


def _secret(text: str, name: str) -> bytes:
    """A secret as Standard Webhooks writes it: base64 of 24 bytes or more, ``whsec_`` before it or not."""
    try:
        secret = base64.b64decode(text.removeprefix("whsec_"), validate=True)
    except ValueError:
        secret = b""
    if text and len(secret) < _SECRET_BYTES:
        raise SettingsError(
            Text(
                f"webhook {name} 的签名密钥不是 base64，或者太短。可用 openssl rand -base64 32 生成一个。",
                f"The secret of webhook {name} is not base64, or too short. `openssl rand -base64 32` makes one.",
            )
        )
    return secret


def _token(name: str, whose: Text) -> str:
    """The token in an environment variable, "" when none is named."""
    if name and name not in os.environ:
        raise SettingsError(
            Text(
                f"{whose.zh}的令牌应在环境变量 {name} 里，但它没有设置。",
                f"The token of {whose.en} should be in the environment variable {name}, which is not set.",
            )
        )
    return os.environ.get(name, "") if name else ""


def dbos_url(settings: Settings) -> str:
    """Where the follow-ups' workflow engine keeps its own tables: beside the store."""
    url = settings.store.url
    return url if url.startswith("postgresql") else f"sqlite:///{settings.data_dir / 'dbos.db'}"
