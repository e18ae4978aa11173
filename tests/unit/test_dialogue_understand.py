"""What customers mean, with the errors that recognisers make."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbot.dialogue.understand import Intents, compile_intents, understand
from callbot.script.library import load

pytestmark = pytest.mark.unit

EVERYWHERE = ("human", "stop_calling", "is_robot", "who_is_this", "repeat", "slower", "hello", "hold_on")
GREET = ("affirm", "deny", "busy", *EVERYWHERE)
REMIND = ("affirm", "already_paid", "dispute", "busy", *EVERYWHERE)
ASK_TIME = ("value:datetime", *EVERYWHERE)


@pytest.fixture(scope="module")
def intents() -> Intents:
    library = load(Path(__file__).parents[2] / "scripts_dsl")
    assert library.findings == []
    return compile_intents(library.intents, library.fillers)


@pytest.mark.parametrize(
    ("expects", "text", "intent"),
    [
        *(
            (GREET, text, "affirm")
            for text in ("是的，我是", "是的我是", "是等，我是", "是等我是", "四的我是", "嗯", "对", "就是")
        ),
        *((GREET, text, "affirm") for text in ("喂，是的", "你好，我是", "我就是本人", "OK", "是我没错")),
        *(
            (GREET, text, "wrong_person")
            for text in ("你打错了", "你打错啦", "你大错了", "不是的，你打错了", "没这个人")
        ),
        *((GREET, text, "deny") for text in ("不是", "不是我", "不")),
        *(
            (GREET, text, "busy")
            for text in ("我现在在开会", "我现在再开会", "我现在在开灰", "是的，我现在在开会", "不方便")
        ),
        (GREET, "晚点再打给我", "later"),
        (GREET, "不好意思我在开会", "busy"),
        *(
            (REMIND, text, "already_paid")
            for text in ("我已经付过了", "我已经复过了", "我已经付了", "已经复了", "我复了")
        ),
        *((REMIND, text, "already_paid") for text in ("为款已经付了", "我已经户过了", "对，已经付了", "不是付过了吗")),
        *(
            (REMIND, text, "will_pay")
            for text in ("好的，我今天就付", "好的，我今天就复", "行吧我这就付", "我马上去付")
        ),
        *((REMIND, text, "affirm") for text in ("好的", "方便", "没问题", "嗯好的", "可以啊没问题", "行")),
        *((REMIND, text, "dispute") for text in ("金额不对吧", "什么尾款，我没买过")),
        *((REMIND, text, "human") for text in ("转人工", "好的，你帮我转人工吧")),
        *((REMIND, text, "stop_calling") for text in ("别再给我打电话了", "不要再打了", "以后别打了")),
        *((REMIND, text, "is_robot") for text in ("你是机器人吗", "你是不是机器人")),
        *((REMIND, text, "who_is_this") for text in ("你是谁", "你哪位")),
        *((REMIND, text, "repeat") for text in ("再说一遍", "什么", "没听清")),
        *((GREET, text, "hello") for text in ("喂", "喂你好", "喂喂")),
        (REMIND, "等一下", "hold_on"),
        (REMIND, "说慢一点", "slower"),
        (ASK_TIME, "不用再打了", "stop_calling"),
    ],
)
def test_in_a_step(intents: Intents, expects: tuple[str, ...], text: str, intent: str) -> None:
    made = understand(text, intents, expects)
    assert made.intent == intent, made
    assert 0.5 < made.score <= 1.0


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("是的，我是", "affirm"),
        ("我已经付过了", "already_paid"),
        ("你打错了", "wrong_person"),
        ("我现在在开会", "busy"),
        ("好的，我今天就付", "will_pay"),
        ("什么时候发货", "ship_status"),
        ("地址不对", "address_wrong"),
        ("太贵了便宜点吧", "ask_discount"),
        ("多少钱", "ask_price"),
        ("谢谢", "thanks"),
        ("再见", "bye"),
        ("我要换个颜色", "exchange"),
        ("气死我了", "angry"),
        ("我要投诉你们", "complaint"),
        ("没兴趣", "not_interested"),
        ("我要退款", "refund"),
        ("我还没付呢", "not_paid"),
        ("今天天气不错", None),
        ("哈哈哈", None),
        ("", None),
        ("，。？", None),
    ],
)
def test_without_a_step(intents: Intents, text: str, intent: str | None) -> None:
    assert understand(text, intents).intent == intent


def test_long_talk_about_something_else_is_not_understood_by_chance(intents: Intents) -> None:
    talk = "我跟你说啊这个事情前前后后闹了好几个礼拜你们那边一直没有人跟我讲清楚到底是怎么回事"
    for end in range(10, len(talk), 5):
        assert understand(talk[:end], intents, GREET).intent is None
    assert understand(talk, intents).slots == {}


@pytest.mark.parametrize(
    ("text", "never"),
    [
        ("我没付过", "already_paid"),
        ("还没有付款", "already_paid"),
        ("不方便", "affirm"),
        ("不可以", "affirm"),
        ("不是本人", "affirm"),
        ("我今天付不了", "will_pay"),
        ("你是不是骗子", "affirm"),
        ("明天三点再打给我", "stop_calling"),
        ("我明天再打款", "stop_calling"),
        ("退一步说", "refund"),
    ],
)
def test_negation_and_doubt_come_before_assent(intents: Intents, text: str, never: str) -> None:
    for expects in ((), GREET, REMIND):
        made = understand(text, intents, expects).intent
        assert made is None or never not in intents.meanings(made)


@pytest.mark.parametrize(
    ("text", "intent"),
    [("别在打啦", "stop_calling"), ("比再打了", None), ("我要腿款", "refund"), ("我要对款", None)],
)
def test_sure_intents_take_equal_sounds_but_no_similar_ones(intents: Intents, text: str, intent: str | None) -> None:
    made = understand(text, intents).intent
    assert made == intent or (intent is None and made not in ("stop_calling", "refund"))


def test_a_value_that_is_asked_for_comes_first(intents: Intents) -> None:
    made = understand("明天下午三点吧", intents, ASK_TIME)
    assert made.intent is None
    assert made.score == 1.0
    assert made.slots == {"datetime": "明天下午三点"}


def test_values_are_found_beside_the_intent(intents: Intents) -> None:
    assert understand("我付了一百二十八块五", intents).slots == {"money": "128.50"}
    assert understand("订单号是零零七三幺", intents).slots == {"digits": "00731"}


@settings(max_examples=30, deadline=None)
@given(text=st.text("是的我不没付了过已经好要转人工再打电话喂你谁，。3", max_size=14))
def test_anything_can_be_heard(intents: Intents, text: str) -> None:
    for expects in (GREET, ASK_TIME):
        made = understand(text, intents, expects)
        assert 0.0 <= made.score <= 1.0
        assert made.intent is None or made.intent in intents.table
        assert made.why
