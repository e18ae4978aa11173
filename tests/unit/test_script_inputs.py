"""Cells of contact lists: what is taken, what is refused and how to put it right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbot.script.inputs import InputProblem, parse_input
from callbot.script.model import InputSpec, InputType
from callbot.zh.spoken import INVENTORIES, money_pieces

pytestmark = pytest.mark.unit

SCIENTIFIC = "科学计数法"


@pytest.mark.parametrize(
    ("kind", "raw", "canonical"),
    [
        ("money", "128.5", "128.50"),
        ("money", "128.50", "128.50"),
        ("money", " ￥1,280.5 ", "1280.50"),
        ("money", "１２８．５０", "128.50"),
        ("money", "128元", "128.00"),
        ("money", "1.2万", "12000.00"),
        ("money", "0", "0.00"),
        ("money", "1，280", "1280.00"),
        ("date", "2026-06-30", "2026-06-30"),
        ("date", "2026/6/30", "2026-06-30"),
        ("date", "2026.6.30", "2026-06-30"),
        ("date", "2026年6月30日", "2026-06-30"),
        ("date", "20260630", "2026-06-30"),
        ("date", "2026-06-30 00:00:00", "2026-06-30"),
        ("date", "46203", "2026-06-30"),
        ("date", "２０２６／６／３０", "2026-06-30"),
        ("digits", "00731", "00731"),
        ("digits", "００７３１", "00731"),
        ("digits", "6222 0200-1234", "622202001234"),
        ("digits", "731.0", "731"),
        ("phone", "138 0013 8000", "13800138000"),
        ("phone", "+86 138-0013-8000", "13800138000"),
        ("phone", "0086 13800138000", "13800138000"),
        ("phone", "8613800138000", "13800138000"),
        ("phone", "010-62345678", "01062345678"),
        ("phone", "+49 30 1234567", "+49301234567"),
        ("text", "\ufeff 王女士\u200b ", "王女士"),
        ("text", "王  女士", "王 女士"),
    ],
)
def test_what_is_taken(kind: InputType, raw: str, canonical: str) -> None:
    spec = InputSpec(type=kind)
    assert parse_input(spec, raw) == canonical
    assert parse_input(spec, canonical) == canonical


@pytest.mark.parametrize(
    ("kind", "raw", "reason"),
    [
        ("money", "", "空"),
        ("money", "1.38E+10", SCIENTIFIC),
        ("money", "-5", "负数"),
        ("money", "128.505", "分以下"),
        ("money", "128,50", "逗号"),
        ("money", "一百", "不是金额"),
        ("money", "999999999", "太大"),
        ("date", "6.30", "没有年份"),
        ("date", "6月30日", "没有年份"),
        ("date", "2026-02-30", "没有“2026-02-30”这一天"),
        ("date", "1926-01-01", "年份"),
        ("date", "明天", "不是日期"),
        ("digits", "1.38E+10", SCIENTIFIC),
        ("digits", "A1029", "数字以外"),
        ("phone", "1.38E+10", SCIENTIFIC),
        ("phone", "010-62345678转8001", "分机"),
        ("phone", "1380013800", "不是电话号码"),
        ("phone", "手机", "不是电话号码"),
        ("text", " \u200b", "空"),
        ("text", "{name}", "花括号"),
        ("text", "王" * 101, "太长"),
    ],
)
def test_what_is_refused(kind: InputType, raw: str, reason: str) -> None:
    with pytest.raises(InputProblem) as caught:
        parse_input(InputSpec(type=kind), raw)
    assert reason in caught.value.reason.zh
    assert caught.value.repair.zh
    assert caught.value.reason.en
    assert caught.value.repair.en


@given(st.sampled_from(["money", "date", "digits", "phone", "text"]), st.text(max_size=20))
def test_anything_gives_a_canonical_value_or_a_problem(kind: InputType, raw: str) -> None:
    spec = InputSpec(type=kind)
    try:
        value = parse_input(spec, raw)
    except InputProblem:
        return
    assert parse_input(spec, value) == value


@given(st.from_regex(r"[0-9]{1,8}(\.[0-9]{1,2})?", fullmatch=True))
def test_every_amount_that_is_taken_can_be_spoken(raw: str) -> None:
    assert set(money_pieces(parse_input(InputSpec(type="money"), raw))) <= set(INVENTORIES["money"])
