"""The commented ``callbot.toml`` of ``callbot init``, generated from ``callbot.settings`` so that it cannot drift.

Names, defaults and limits come from the models; only the sentence on each key stands here (a unit test holds both
sides together).
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from callbot.language import Text, tr
from callbot.settings import Settings

_HEAD = Text(
    "# callbot 的配置。每一项都有默认值：行首的 # 去掉才生效。相对路径从本文件所在的文件夹算起。\n"
    "# 密码和令牌不写在这里，只写存放它们的环境变量名。改完后可运行 callbot doctor 检查。\n",
    "# Settings of callbot. Every key has a default: take the # away to change it. Relative paths count from this\n"
    "# file's folder. No secrets in here: name the environment variable that holds them. Then run `callbot doctor`.\n",
)

DESCRIPTIONS: dict[str, Text] = {
    "data_dir": Text("要保留的数据：数据库、录音、轨迹、日志", "What must be kept: database, recordings, traces, logs"),
    "cache_dir": Text("可以重新生成的：合并好的模型、话术音频", "What can be made again: joined models, prompts"),
    "scripts_dir": Text("话术所在的文件夹", "Folder of the scripts"),
    "flows_dir": Text("热线流程所在的文件夹", "Folder of the hotline flows"),
    "orders_csv": Text(
        "订单表（CSV），话术查询付款和订单状态时使用", "Table of orders (CSV) for scripts that ask about them"
    ),
    "coupons_csv": Text(
        "优惠券表（CSV），reserve_coupon 从中逐张预留",
        "Table of coupons (CSV) that reserve_coupon takes from, one by one",
    ),
    "store": Text("结果存在哪里", "Where results are kept"),
    "store.url": Text(
        "留空用 SQLite；PostgreSQL 写 postgresql://用户@主机/库",
        "Empty for SQLite; postgresql://user@host/database for PostgreSQL",
    ),
    "telephony": Text("本机的 SIP 一侧", "The SIP side of this machine"),
    "telephony.bind": Text("SIP 与语音所用的本机地址", "Address of this machine for SIP and audio"),
    "telephony.lines": Text("线路进程数", "Number of line processes"),
    "telephony.sip_port": Text("SIP 端口起点，第 N 条线路用 起点+N", "First SIP port; line N takes this + N"),
    "telephony.rtp_port": Text("语音（RTP）端口起点，每条线路一段", "First RTP port; each line has its own range"),
    "telephony.ring_limit_s": Text("最长振铃秒数", "Seconds to let it ring at most"),
    "telephony.reserve": Text(
        "每条线路留给转接的通话腿数，新通话不占用", "Legs of each line that new calls leave for transfers"
    ),
    "telephony.tls_ca": Text(
        "签发 TLS 中继证书的 CA（PEM 文件），留空则用本系统信任的",
        "Authorities that sign for TLS trunks (PEM file), empty for those this system trusts",
    ),
    "telephony.trunks": Text("SIP 中继，可写多段", "SIP trunks, as many sections as there are"),
    "telephony.trunks.name": Text("中继名称", "Name of the trunk"),
    "telephony.trunks.host": Text("运营商或网关的地址", "Address of the carrier or gateway"),
    "telephony.trunks.port": Text("对方的 SIP 端口", "Its SIP port"),
    "telephony.trunks.channels": Text("同时最多几路通话", "How many calls at once it takes"),
    "telephony.trunks.caller": Text("主叫号码", "Number shown to the callee"),
    "telephony.trunks.priority": Text(
        "使用次序，小的先用，相同的分担", "Order of use: lower ones first, equal ones share"
    ),
    "telephony.trunks.strip": Text("拨出前去掉的号码开头", "Beginning of a number that is taken off before dialling"),
    "telephony.trunks.prefix": Text("拨出前加在号码前面的数字", "Digits put before a number"),
    "telephony.trunks.username": Text(
        "鉴权用户名，留空为按地址认证", "User name for digest; empty for IP authentication"
    ),
    "telephony.trunks.password_env": Text(
        "存放鉴权密码的环境变量名", "Name of the environment variable with the password"
    ),
    "telephony.trunks.register_s": Text(
        "每次注册的有效秒数，0 为不注册", "Seconds a registration lasts; 0 does not register"
    ),
    "telephony.trunks.check_s": Text(
        "每隔几秒用 OPTIONS 检查一次，0 为不检查", "Seconds between checks by OPTIONS; 0 does not check"
    ),
    "telephony.trunks.asserted_identity": Text(
        "主叫号码也放在 P-Asserted-Identity 里", "Give the caller's number in P-Asserted-Identity too"
    ),
    "telephony.trunks.transport": Text("传输方式", "Transport"),
    "telephony.trunks.srtp": Text("语音加密（SRTP）", "Encrypted audio (SRTP)"),
    "telephony.trunks.codecs": Text("语音编码，先写的优先", "Codecs, the first is preferred"),
    "transfer": Text("转人工", "Callers who want a person"),
    "transfer.queues": Text(
        "话术里的人工队列通向哪里，可写多段", "Where the queues of scripts lead, as many sections as there are"
    ),
    "transfer.queues.name": Text("队列名，话术 transfer 里写的那个", "Name of the queue, as in a script's transfer"),
    "transfer.queues.to": Text(
        "坐席的号码（经 trunk 拨打）或完整的 sip: 地址", "Number of the agent at the trunk, or a whole sip: address"
    ),
    "transfer.queues.trunk": Text(
        "经哪个中继拨打，to 是 sip: 地址时留空", "Trunk to dial by, empty with a sip: address"
    ),
    "transfer.queues.method": Text(
        "bridge 由本机桥接并录音；attended 先接通坐席再交给对方；refer 直接请对方改拨",
        "bridge: this line stays between and records; attended: reach the agent, then hand over; refer: let them dial",
    ),
    "transfer.queues.ring_limit_s": Text("坐席最长振铃秒数", "Seconds to let the agent's telephone ring at most"),
    "hotline": Text("接听来电", "Incoming calls"),
    "hotline.default": Text(
        "其他号码由哪个流程接听，留空则回 404", "Flow that answers all other numbers; empty for 404"
    ),
    "hotline.busy": Text(
        "占线时由哪个流程说明，留空则回 486；每条线路为它留一路",
        "Flow that answers when all legs are taken; empty for 486",
    ),
    "hotline.numbers": Text("热线号码，可写多段", "Hotline numbers, as many sections as there are"),
    "hotline.numbers.number": Text(
        "被叫号码，带不带 +86、0086、区号前的 0 都可以",
        "The number called, with or without +86, 0086 or the 0 before it",
    ),
    "hotline.numbers.flow": Text("接听它的流程", "The flow that answers it"),
    "speech": Text("识别与合成", "Recognition and synthesis"),
    "speech.recogniser": Text("识别引擎", "Recogniser"),
    "speech.vosk_model": Text("vosk 模型文件夹，仅用 vosk 时需要", "Folder of the vosk model, only needed with vosk"),
    "speech.workers": Text(
        "同时识别几句话，一般等于处理器核数", "Utterances recognised at once, usually the number of cores"
    ),
    "speech.voice": Text("合成引擎", "Voice engine"),
    "speech.speaker": Text("音色", "Speaker of that engine"),
    "speech.speed": Text("语速，1.0 为正常", "Speed, 1.0 is normal"),
    "sms": Text("短信", "Text messages"),
    "sms.gateway": Text(
        "outbox 只写入发件箱，不发出；http 发到下面的地址",
        "outbox only writes them down; http posts them to the url below",
    ),
    "sms.url": Text("短信网关地址", "Address of the gateway"),
    "sms.token_env": Text("存放网关令牌的环境变量名", "Name of the environment variable with the gateway's token"),
    "sms.signature": Text("短信签名", "Signature at the head of each message"),
    "shop": Text("商城系统，回答话术的 do", "The shop's systems, which answer a script's do"),
    "shop.url": Text(
        "商城接口地址，话术的动作发到 地址/actions/动作名；留空则由 orders_csv 等表回答",
        "Address of the shop's API: actions go to ADDRESS/actions/NAME; empty: orders_csv and the other tables answer",
    ),
    "shop.token_env": Text("存放商城接口令牌的环境变量名", "Name of the environment variable with the API's token"),
    "webhooks": Text("话术 end 里的 webhook 通知到哪里", "Systems that a script's webhook tells of calls"),
    "webhooks.NAME": Text(
        "每个系统一段，NAME 换成话术里写的名字", "A section for each, NAME being what scripts call it"
    ),
    "webhooks.NAME.url": Text("接收通知的地址，http 或 https", "Address that the message is posted to, http or https"),
    "webhooks.NAME.token_env": Text("存放令牌的环境变量名", "Name of the environment variable with the bearer token"),
    "webhooks.NAME.token_file": Text("或者存放令牌的文件", "Or the file that holds the token"),
    "webhooks.NAME.secret_env": Text(
        "存放签名密钥（base64）的环境变量名，留空则不签名",
        "Name of the environment variable with the secret for signatures (base64); empty: no signature",
    ),
    "webhooks.NAME.secret_file": Text("或者存放签名密钥的文件", "Or the file that holds the secret"),
    "webhooks.NAME.timeout_s": Text("每次最多等几秒", "Seconds to wait for an answer"),
    "campaign": Text("所有外呼活动共同的限制", "Limits of all campaigns"),
    "campaign.timezone": Text("拨打时段所用的时区", "Time zone of the calling window"),
    "campaign.call_from": Text("每天最早拨打时间", "No calls before this time of day"),
    "campaign.call_until": Text("每天最晚拨打时间", "No new calls after this time of day"),
    "campaign.lease_s": Text(
        "一次拨打的租约秒数，逾期按中断处理", "Lease of an attempt; past it the attempt counts as interrupted"
    ),
    "publish": Text("发布话术", "Publishing scripts"),
    "publish.coverage": Text(
        "发布前，测试至少要走过话术的百分之几（步骤和出路）",
        "Percent of a script's steps and ways that its tests have to touch before it is published",
    ),
    "web": Text("HTTP 接口", "The HTTP side"),
    "web.host": Text("监听地址，默认只限本机", "Address to listen on, this machine only by default"),
    "web.port": Text("监听端口，0 为不开放", "Port, 0 for no HTTP at all"),
}


def commented_toml() -> str:
    """The whole file in the interface's language; with every ``#`` before a key taken away it is still valid."""
    schema = Settings.model_json_schema()
    return str(_HEAD) + "".join(line + "\n" for line in _section(Settings(), schema, schema, ""))


def keys() -> Iterator[str]:
    """Every key and section of the settings, dotted, as in ``DESCRIPTIONS``."""
    schema = Settings.model_json_schema()
    yield from _keys(schema, schema, "")


def _keys(schema: dict[str, Any], root: dict[str, Any], prefix: str) -> Iterator[str]:
    for name, field in schema["properties"].items():
        yield prefix + name
        named = _named(field)
        if named is not None:
            yield f"{prefix}{name}.NAME"
            yield from _keys(_resolve(named, root), root, f"{prefix}{name}.NAME.")
            continue
        inner = _resolve(field.get("items", field), root)
        if "properties" in inner:
            yield from _keys(inner, root, f"{prefix}{name}.")


def _named(field: dict[str, Any]) -> dict[str, Any] | None:
    """The sections of a table whose keys are names that people choose; None for any other field."""
    named = field.get("additionalProperties")
    return named if isinstance(named, dict) else None


def _resolve(field: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    reference = field.get("$ref", "")
    return root["$defs"][reference.rsplit("/", 1)[-1]] if reference else field


def _section(model: BaseModel, schema: dict[str, Any], root: dict[str, Any], prefix: str) -> Iterator[str]:
    """Plain keys first, then the tables, as TOML demands."""
    tables: list[str] = []
    for name, field in schema["properties"].items():
        key, value = prefix + name, getattr(model, name)
        note = f"# {DESCRIPTIONS[key]}{_limits(field)}"
        named = _named(field)
        inner = _resolve(field.get("items", field) if named is None else named, root)
        if named is not None:
            tables += ["", note, f"# {DESCRIPTIONS[f'{key}.NAME']}", f"# [{key}.NAME]"]
            tables += _example(inner, f"{key}.NAME.")
        elif isinstance(value, BaseModel):
            tables += ["", note, f"[{key}]", *_section(value, inner, root, f"{key}.")]
        elif "properties" in inner:
            tables += ["", note, f"# [[{key}]]", *_example(inner, f"{key}.")]
        else:
            yield note
            yield f"# {name} = {_toml(value, name)}"
    yield from tables


def _example(schema: dict[str, Any], prefix: str) -> Iterator[str]:
    for name, field in schema["properties"].items():
        yield f"# {DESCRIPTIONS[prefix + name]}{_limits(field)}"
        yield f"# {name} = {_toml(field.get('examples', [field.get('default')])[0], name)}"


def _limits(field: dict[str, Any]) -> str:
    if "enum" in field:
        return tr("；可选 ", "; one of ") + ", ".join(field["enum"])
    if "minimum" in field and "maximum" in field:
        return tr(f"（{field['minimum']} 到 {field['maximum']}）", f" ({field['minimum']} to {field['maximum']})")
    if "minimum" in field:
        return tr(f"（至少 {field['minimum']}）", f" (at least {field['minimum']})")
    return ""


def _toml(value: object, name: str) -> str:
    if value is None:
        return json.dumps(name)  # no default: a made-up value shows the type
    if isinstance(value, Path):
        value = str(value)
    return json.dumps(value, ensure_ascii=False)
