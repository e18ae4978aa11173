"""First passes of lint: is it YAML, and has every key a meaning and every value the right form? Pure."""

from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from callbot.language import Text
from callbot.script import source
from callbot.script.findings import Finding, did_you_mean, finding
from callbot.script.model import LATER_KEYS, CommonPart, Flow, Script
from callbot.script.prompt import Prompt
from callbot.script.source import Document, Place, Route


def check_yaml(document: Document) -> list[Finding]:
    """Findings that keep a file from being read at all, and keys that stand twice."""
    broken = document.broken
    if broken is not None:
        if broken.problem in _REFUSED:
            code, message, hint = _REFUSED[broken.problem]
            return [finding(document, broken.place, code, message, hint)]
        message = Text("这里不是有效的 YAML", f"this is not YAML: {broken.problem}")
        return [finding(document, broken.place, "S001", message, _trap(document, broken.place, broken.problem))]
    if not isinstance(document.data, dict):
        message = Text("文件是空的，或者不是由“键: 值”组成", "the file is empty or not made of `key: value`")
        return [finding(document, Place(1, 1, 1), "S003", message)]
    return [
        finding(
            document,
            twice.second,
            "S002",
            Text(
                f"键 {twice.key} 重复：第 {twice.first.line} 行已经写过",
                f"the key {twice.key} stands twice: first in line {twice.first.line}",
            ),
            Text("删掉其中一个，或改名", "delete or rename one of them"),
        )
        for twice in document.duplicates
    ]


_REFUSED = {
    source.NOT_UTF8: (
        "S003",
        Text("文件不是 UTF-8 编码", "the file is not UTF-8"),
        Text("请另存为 UTF-8", "save it as UTF-8"),
    ),
    source.TOO_LARGE: (
        "S003",
        Text("文件太大，或括号套得太深", "the file is too large, or nested too deeply"),
        Text("拆成几个文件：common/ 里的通用部分和流程", "make it several files: shared parts and flows in common/"),
    ),
    source.CONTROL: (
        "S001",
        Text("这里有看不见的控制字符", "there is an invisible control character here"),
        Text("删掉这个字符，重新输入", "delete it and type the text again"),
    ),
    source.ALIAS: (
        "S001",
        Text("不能用 & 和 * 引用别处的内容", "anchors and aliases (& and *) cannot be used"),
        Text("把内容写出来，或放进 common/；以 * 开头的话要加引号", "write it out; quote a sentence beginning with *"),
    ),
    source.KEY: (
        "S001",
        Text("键只能是文字", "a key can only be a text"),
        Text("以 [ 或 { 开头的话要加引号", "quote a sentence that begins with [ or {"),
    ),
    source.SEVERAL: (
        "S001",
        Text("一个文件里只能有一份内容，这里又有一行 ---", "a file holds one document, and here is another ---"),
        Text("分成几个文件", "make it several files"),
    ),
}


def _trap(document: Document, place: Place, problem: str) -> Text | None:
    line = document.lines[place.line - 1] if place.line <= len(document.lines) else ""
    if "\t" in line[: place.column]:
        return Text("缩进要用空格，不能用 Tab", "indent with spaces, not with tabs")
    value = line.partition(":")[2].strip()
    if value.startswith("{"):
        return Text(
            "以 { 开头的话要加引号，例如 say: '{name}您好'，否则 YAML 把花括号当成一组键值",
            "quote a sentence that begins with {: YAML takes the brace for a mapping",
        )
    if "mapping values are not allowed" in problem:
        return Text(
            "话里不能有半角冒号加空格，请改用全角“：”，或给整句加引号；也检查一下缩进",
            "a colon and a space in a sentence start a mapping: use “：” or quote it; check the indentation",
        )
    if "{" in line or "[" in line:
        return Text(
            "花括号或方括号没有配对；括号里的半角逗号会把一句话切开，长句请另起一行写",
            "brackets do not match; a half-width comma inside them cuts a sentence, so write it on a line of its own",
        )
    return Text("检查缩进和引号", "check indentation and quotes")


def check_shape(document: Document, model: type[BaseModel]) -> list[Finding]:
    """Every key and value that the model does not allow."""
    spoken = model in (Script, CommonPart, Flow)  # in tests `say` is the customer's
    found = [_flow_say(document, route) for route in document.values if spoken and _is_flow_say(document, route)]
    found += [_written_without(document, route) for route in document.keys if route[-2:] == ("do", "without")]
    try:
        model.model_validate(document.data)
    except ValidationError as error:
        flow_lines = {each.place.line for each in found}
        for details in error.errors():
            each = _shape_finding(document, model, details)
            if not (each.place.line in flow_lines and each.code in ("S101", "S102", "S106")):
                found.append(each)
    return found


def _is_flow_say(document: Document, route: Route) -> bool:
    if route[-1:] == ("say",) or (route[-2:-1] == ("say",) and route[-1] in Prompt.model_fields):
        return route[:-1] in document.flow
    return False


def _flow_say(document: Document, route: Route) -> Finding:
    return finding(
        document,
        document.place(route),
        "S105",
        Text(
            "机器人说的话写在了花括号里，半角逗号会把它切断",
            "a sentence inside braces is cut at every half-width comma",
        ),
        Text("say 单独写一行", "put `say` on a line of its own"),
    )


def _written_without(document: Document, route: Route) -> Finding:
    message = Text("话术里不写 without，它在 actions.yaml 里", "`without` stands in actions.yaml, not in a script")
    return finding(document, document.place(route, key=True), "S101", message)


def _shape_finding(document: Document, model: type[BaseModel], details: ErrorDetails) -> Finding:
    route: Route = tuple(part for part in details["loc"] if part != "[key]")
    place = document.place(route)
    name = str(route[-1]) if route else ""
    match details["type"]:
        case "extra_forbidden":
            return _unknown_key(document, model, route, name)
        case "missing":
            where = document.place(route[:-1], key=True)
            message = Text(f"缺少 {name}", f"{name} is missing")
            return finding(document, where, "S102", message, _described(model, route))
        case "duration":
            given = details.get("ctx", {}).get("given", "")
            hint = (
                Text(f"要带单位，例如 {given}s", f"add a unit, such as {given}s")
                if given.isdecimal()
                else Text("写成 5s、3m、4h 这样", "write it like 5s, 3m or 4h")
            )
            return finding(document, place, "S104", Text(f"时长“{given}”没有单位", f"{given!r} has no unit"), hint)
        case "string_pattern_mismatch":
            key = route in document.keys and "[key]" in details["loc"]
            message = Text(
                f"“{details['input']}”不能做名字：只用小写字母、数字和下划线，字母开头",
                f"{details['input']!r} cannot be a name: use lower-case letters, digits and _",
            )
            return finding(document, document.place(route, key=key), "S111", message)
        case "phrasing":
            message = Text(f"说法“{details['input']}”写得不对", f"the phrase {details['input']!r} is not well formed")
            hint = Text(
                "括号要成对、不能套括号，… 写在括号外面，至少有几个字必须说出来",
                "parentheses match and are not nested, `…` stands outside of them, and some characters must be said",
            )
            return finding(document, place, "S103", message, hint)
        case "literal_error":
            expected = details.get("ctx", {}).get("expected", "")
            known = [word.strip("' ") for word in expected.replace(" or ", ",").split(",")]
            message = Text(f"{name} 不能是“{details['input']}”", f"{name} cannot be {details['input']!r}")
            return finding(document, place, "S103", message, did_you_mean(str(details["input"]), known))
        case other if other in _SPECIAL:
            code, message = _SPECIAL[other]
            return finding(document, document.place(route, key=True), code, message)
    message = Text(f"{name} 的值不对", f"the value of {name} is wrong: {details['msg']}")
    return finding(document, place, "S103", message, _described(model, route))


_SPECIAL = {
    "one_way": (
        "S106",
        Text(
            "每个步骤只能有一条出路：answers/keys、ask、do、check、call、then、transfer、end 之一",
            "a step goes on in exactly one way: answers/keys, ask, do, check, call, then, transfer or end",
        ),
    ),
    "no_say": ("S106", Text("这个步骤要有 say", "this step needs `say`")),
    "results_failed": (
        "S107",
        Text("do 要有 results，而且要写 failed（系统没有回答时）", "`do` needs `results`, with `failed` among them"),
    ),
    "check_rows": (
        "S107",
        Text("check 要有 rows 和 otherwise（哪一行都不成立时）", "`check` needs `rows` and `otherwise`"),
    ),
    "check_row": (
        "S109",
        Text(
            "一行只写一个比较：is、at_most、at_least、before、after、empty 之一，再加 to",
            "a row has one comparison (is, at_most, at_least, before, after or empty) and `to`",
        ),
    ),
    "call_exits": ("S107", Text("call 要有 exits，写明每个出口去哪里", "`call` needs `exits`")),
    "barge_in": (
        "S103",
        Text(
            "barge_in 写 on、off、{after: 800ms} 或 {by: meaning}",
            "write barge_in as on, off, {after: 800ms} or {by: meaning}",
        ),
    ),
    "hours_backwards": (
        "S103",
        Text("营业时间的结束要晚于开始；到半夜写 24:00", "hours end after they begin; midnight is 24:00"),
    ),
    "gave_up": ("S107", Text("ask 要写 gave_up（问不到时去的步骤）", "`ask` needs `gave_up`")),
    "ask_none": ("S108", Text("ask 要写问什么值，例如 day: date", "`ask` names the values it collects")),
    "ask_then": (
        "S108",
        Text(
            "ask 之后要有 then；有 current 时写 same 和 changed，不写 then",
            "`ask` needs `then`, or `same` and `changed`",
        ),
    ),
    "ask_only": ("S108", Text("read_back 和 missing 只能和 ask 一起写", "`read_back` and `missing` belong to `ask`")),
    "ask_options": (
        "S112",
        Text(
            "choice 要写 options，至少两个；别的类型不写 options",
            "a choice needs two or more `options`, no other type has them",
        ),
    ),
    "ask_length": (
        "S112",
        Text(
            "只有 digits 和 order_no 能写 length 和 checksum", "only digits and order_no have `length` and `checksum`"
        ),
    ),
    "length": ("S112", Text("位数写成 5 或 6-8，最多 30 位", "write a length as 5 or 6-8, at most 30")),
    "ask_from": (
        "S112",
        Text(
            "one_of 要写 from（从哪个列表里选），别的类型不写",
            "one_of needs `from`, the list it chooses from; no other type has it",
        ),
    ),
    "ask_current": (
        "S112",
        Text(
            "current、same、changed 要一起写，而且只问一个值",
            "`current`, `same` and `changed` belong together, with one value",
        ),
    ),
    "ask_collect": (
        "S112",
        Text("这些值不能只用按键输入，不要写 collect: keys", "values of these types cannot be entered by keys alone"),
    ),
    "ask_keys": (
        "S108",
        Text(
            "ask 的步骤里按键是输入的内容，keys 只能写 *（# 表示输完）",
            "in a step with `ask` the keys are what is collected: `keys` may hold only * (# ends the entry)",
        ),
    ),
    "jump_limit": ("S109", Text("at_most 和 else 要一起写", "`at_most` and `else` belong together")),
    "digression": (
        "S109",
        Text("要么写去的步骤（to），要么写 back: prompt 或 back: listen", "write either `to` or `back: prompt/listen`"),
    ),
    "turn": (
        "S103",
        Text(
            "一轮只写一件事：hear、say、silence、key、hangup 之一，或只写 result",
            "a turn has one thing: hear, say, silence, key or hangup, or only `result`",
        ),
    ),
    "action_failed": (
        "S103",
        Text("failed 总是有，不写在 results 里", "`failed` is always there: do not list it among `results`"),
    ),
    "action_without": (
        "S103",
        Text("without 里的名字必须是 results 里的", "`without` may only name what is among `results`"),
    ),
    "one_retry": ("S109", Text("retry_at 和 retry_in 只能写一个", "`retry_at` and `retry_in` exclude each other")),
}


def _unknown_key(document: Document, model: type[BaseModel], route: Route, name: str) -> Finding:
    place = document.place(route, key=True)
    if name in LATER_KEYS:
        message = Text(f"这个版本还不支持 {name}", f"this version does not support {name} yet")
        return finding(document, place, "S110", message, Text("请先删掉它", "leave it out for now"))
    if document.data is not None and _value(document.data, route) is None:
        hint = Text(
            "一句话里有半角逗号或花括号时，YAML 会把它切开：整句加引号或另起一行",
            "YAML cuts a sentence at half-width commas and braces: quote it",
        )
        return finding(document, place, "S101", Text(f"不认识的键 {name}", f"unknown key {name}"), hint)
    known = _keys_at(model, route[:-1])
    hint_here = did_you_mean(name, known)
    if name in known or name in _keys_at(model, route[:-2]):
        hint_here = Text(
            f"{name} 写在外面一层，和 {route[-2]} 并列", f"{name} belongs one level up, beside {route[-2]}"
        )
    return finding(document, place, "S101", Text(f"不认识的键 {name}", f"unknown key {name}"), hint_here)


def _value(data: Any, route: Route) -> Any:
    for part in route:
        if isinstance(data, dict):
            data = data.get(str(part), data)
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part]
    return data


@cache
def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(by_alias=True)


def _schema_at(model: type[BaseModel], route: Route) -> dict[str, Any]:
    """The part of the JSON Schema that describes a route."""
    schema = _schema(model)
    definitions: dict[str, Any] = schema.get("$defs", {})
    at: dict[str, Any] = schema
    for part in route:
        options = [_resolved(option, definitions) for option in at.get("anyOf", [at])]
        following: dict[str, Any] = {}
        for option in options:
            following = option.get("properties", {}).get(part) or following
            following = following or next(iter(option.get("patternProperties", {}).values()), {})
            if isinstance(part, int):
                following = following or option.get("items", {})
        if following:
            at = _resolved(following, definitions)
    return at


def _resolved(schema: dict[str, Any], definitions: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    return {**definitions[name], **{k: v for k, v in schema.items() if k != "$ref"}} if name else schema


def _keys_at(model: type[BaseModel], route: Route) -> list[str]:
    at = _schema_at(model, route)
    definitions: dict[str, Any] = _schema(model).get("$defs", {})
    options = [_resolved(option, definitions) for option in at.get("anyOf", [at])]
    return [key for option in options for key in option.get("properties", {})]


def _described(model: type[BaseModel], route: Route) -> Text | None:
    at = _schema_at(model, route)
    title, description = at.get("title"), at.get("description")
    if not description or not isinstance(title, str):
        return None
    return Text(f"{title}：{description}", f"{route[-1]}: see `callbot explain` or the schema")
