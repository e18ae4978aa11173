"""Numbers, money, dates and times: written to spoken and back."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbot.zh import amounts, codes, pinyin, spoken, times
from callbot.zh.numerals import whole_number
from callbot.zh.written import written

pytestmark = pytest.mark.unit

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 6, 1, 10, 7, tzinfo=ZONE)  # a Monday
AMOUNTS = st.integers(0, 9_999_999_999).map(lambda fen: f"{Decimal(fen) / 100:.2f}")
MOMENTS = st.integers(1, 1_300_000).map(lambda minutes: NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("amount", "pieces"),
    [
        ("128.50", "一百 二十 八元 五角"),
        ("0", "零元"),
        ("0.05", "五分"),
        ("0.20", "两角"),
        ("2", "两元"),
        ("12", "十 二元"),
        ("15", "十 五元"),
        ("20", "二十元"),
        ("200", "两百元"),
        ("110", "一百 一十元"),
        ("105", "一百 零 五元"),
        ("100.05", "一百元 零 五分"),
        ("2000.00", "两千元"),
        ("1010.20", "一千 零 一十元 两角"),
        ("20000", "两 万元"),
        ("30500", "三 万 零 五百元"),
        ("120000", "十 二 万元"),
        ("10001", "一 万 零 一元"),
        ("99999999.99", "九千 九百 九十 九 万 九千 九百 九十 九元 九角 九分"),
    ],
)
def test_money_is_spoken_as_people_do(amount: str, pieces: str) -> None:
    assert spoken.money_pieces(amount) == tuple(pieces.split())


@given(AMOUNTS)
def test_a_known_amount_is_the_same_reading_with_its_yuan_in_one_piece(amount: str) -> None:
    pieces = spoken.known_money_pieces(amount)
    assert "".join(pieces) == "".join(spoken.money_pieces(amount))
    assert sum("元" in piece for piece in pieces) <= 1
    assert all(piece.endswith("元") or piece in spoken.CHANGE for piece in pieces)


@given(AMOUNTS)
def test_money_needs_nothing_outside_its_inventory(amount: str) -> None:
    assert set(spoken.money_pieces(amount)) <= set(spoken.INVENTORIES["money"])


@given(AMOUNTS)
def test_spoken_money_is_understood_again(amount: str) -> None:
    if Decimal(amount) >= 1 and Decimal(amount) % 1 * 100 // 10 != 0:
        found = amounts.money("".join(spoken.money_pieces(amount)))
        assert found is not None
        assert found.value == amount


@pytest.mark.parametrize("amount", ["-1", "100000000"])
def test_money_out_of_range_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="range"):
        spoken.money_pieces(amount)


@pytest.mark.parametrize(
    ("day", "pieces"),
    [
        ("2026-06-30", "六月 三十号"),
        ("2026-12-01", "十二月 一号"),
        ("2027-01-20", "明年 一月 二十号"),
        ("2028-02-29", "二 零 二 八 年 二月 二十九号"),
    ],
)
def test_dates(day: str, pieces: str) -> None:
    assert spoken.date_pieces(date.fromisoformat(day), NOW.date()) == tuple(pieces.split())


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)))
def test_dates_need_nothing_outside_their_inventory(day: date) -> None:
    assert set(spoken.date_pieces(day, NOW.date())) <= set(spoken.INVENTORIES["date"])


@given(MOMENTS)
def test_times_need_nothing_outside_their_inventory(moment: datetime) -> None:
    assert set(spoken.datetime_pieces(moment, NOW)) <= set(spoken.INVENTORIES["datetime"])


@given(MOMENTS.filter(lambda moment: moment < NOW + timedelta(days=300)))
def test_a_time_read_back_means_the_same_time(moment: datetime) -> None:
    moment = spoken.on_grid(moment)
    again = times.spoken_time("".join(spoken.datetime_pieces(moment, NOW)), NOW)
    assert again is not None
    assert again.moment == moment


@given(st.text("0123456789", min_size=1, max_size=20))
def test_digits_and_phones(digits: str) -> None:
    assert set(spoken.digits_pieces(digits)) <= set(spoken.INVENTORIES["digits"])
    assert set(spoken.phone_pieces(digits)) <= set(spoken.INVENTORIES["phone"])
    assert "".join(spoken.phone_pieces(digits)).replace("，", "") == "".join(spoken.digits_pieces(digits))


def test_order_numbers_and_phone_numbers() -> None:
    assert spoken.digits_pieces("00731") == ("零", "零", "七", "三", "幺")
    assert "".join(spoken.phone_pieces("+8613800138000")) == "幺三八，零零幺三，八零零零"


def test_inventories_are_small_and_made_of_different_pieces() -> None:
    for pieces in spoken.INVENTORIES.values():
        assert len(pieces) == len(set(pieces)) <= 110


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("money", "128.5", "128.50元"),
        ("date", "2026-06-30", "6月30日"),
        ("datetime", "2026-06-02T15:00:00+08:00", "6月2日15:00"),
        ("digits", "00731", "00731"),
    ],
)
def test_values_in_writing(kind: str, value: str, text: str) -> None:
    assert written(kind, value) == text


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("三十", 30),
        ("一百零五", 105),
        ("三百五", 350),
        ("两万三", 23000),
        ("15万", 150000),
        ("二零二六", 2026),
        ("十", 10),
        ("十二", 12),
        ("一千零一", 1001),
        ("三", 3),
        ("2026", 2026),
        ("", None),
        ("三点", None),
        ("三四百", None),
    ],
)
def test_whole_numbers(text: str, value: int | None) -> None:
    assert whole_number(text) == value


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("明天下午三点", "06-02 15:00"),
        ("明天下午三点吧", "06-02 15:00"),
        ("那就明天下午3点", "06-02 15:00"),
        ("三点半", "06-01 15:30"),
        ("后天上午", "06-03 10:00"),
        ("大后天中午十二点", "06-04 12:00"),
        ("晚上八点一刻", "06-01 20:15"),
        ("今晚八点", "06-01 20:00"),
        ("明早九点", "06-02 09:00"),
        ("下周一", "06-08 10:00"),
        ("周三下午", "06-03 15:00"),
        ("星期天", "06-07 10:00"),
        ("六月三十号", "06-30 10:00"),
        ("30号", "06-30 10:00"),
        ("半小时后", "06-01 10:40"),
        ("过半个小时", "06-01 10:40"),
        ("一个小时以后吧", "06-01 11:10"),
        ("两个半小时以后", "06-01 12:40"),
        ("十分钟后", "06-01 10:20"),
        ("过两天再打", "06-03 10:00"),
        ("15:30", "06-01 15:30"),
        ("九点", "06-02 09:00"),
        ("一点", "06-01 13:00"),
        ("十二点半", "06-01 12:30"),
        ("名天下五三点", "06-02 15:00"),
        ("明天下午山点吧", "06-02 15:00"),
        ("厚天上午十点", "06-03 10:00"),
    ],
)
def test_times_people_name(text: str, moment: str) -> None:
    found = times.spoken_time(text, NOW)
    assert found is not None
    assert f"{found.moment:%m-%d %H:%M}" == moment
    assert found.moment.tzinfo is ZONE


@pytest.mark.parametrize(
    "text", ["", "晚点", "等会儿", "随便", "你打错了", "昨天", "今天上午九点", "下个月", "二十五点", "两小时"]
)
def test_what_names_no_future_time(text: str) -> None:
    assert times.spoken_time(text, NOW) is None


@given(st.text("今明后天上下午晚早周一二三点半刻号月0123456789:小时分钟", max_size=12))
def test_any_talk_of_times_gives_the_future_or_nothing(text: str) -> None:
    found = times.spoken_time(text, NOW)
    assert found is None or (found.moment > NOW and found.moment.minute % spoken.MINUTE_GRID == 0)


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("大概一百二十八块五", "128.50"),
        ("128.5元", "128.50"),
        ("三块钱", "3.00"),
        ("两万三千元", "23000.00"),
        ("没钱", None),
    ],
)
def test_amounts_people_name(text: str, amount: str | None) -> None:
    found = amounts.money(text)
    assert (found and found.value) == amount


@pytest.mark.parametrize(
    ("text", "digits"), [("订单是零零七三幺", "00731"), ("138 0013 8000", "13800138000"), ("三点", None)]
)
def test_digits_people_say(text: str, digits: str | None) -> None:
    found = codes.digits(text)
    assert (found and found.value) == digits


@pytest.mark.parametrize(("one", "other"), [("付", "复"), ("尾", "为")])
def test_homophones_sound_the_same(one: str, other: str) -> None:
    assert pinyin.syllables(one) == pinyin.syllables(other)


@pytest.mark.parametrize(("one", "other"), [("nan", "lan"), ("shi", "si"), ("xin", "xing"), ("fu", "hu")])
def test_usual_confusions_are_near_and_others_far(one: str, other: str) -> None:
    assert 0 < pinyin.syllable_cost(one, other) <= 0.2
    assert pinyin.syllable_cost(one, "ma") >= 0.5


@given(st.text("我你他付款是的不要好", max_size=8))
def test_one_syllable_per_character(text: str) -> None:
    assert len(pinyin.syllables(text + "a1")) == len(text) + 2


def test_a_phrase_is_found_inside_longer_talk() -> None:
    places = pinyin.find(pinyin.syllables("付了"), pinyin.syllables("我已经复了啊"), 0.1)
    assert (3, 5, 0.0) in places
