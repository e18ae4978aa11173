"""What customers mean, with the errors that recognisers make."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbot.dialogue.understand import Intents, compile_intents, understand
from callbot.script.library import load
from callbot.script.model import Intent

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


WAYS_TO_SAY = {
    "affirm": (
        "对我是本人 是我你说 嗯是的 对对对 好的好的 可以的没问题 行没问题 好我知道了 是我呀 是啊怎么了 "
        "对我就是王女士 没错就是我 好嘞 可以可以 当然方便"
    ),
    "deny": ("不是我不是 不是的我不是 不用了谢谢 我不需要 不可以 不行不行 我不是王女士 不太行"),
    "busy": (
        "我在开车呢 现在不太方便 我正忙着呢 我这会儿没空 现在有点忙 我在上班不方便接电话 在外面不方便 "
        "我在开会回头说 正在吃饭呢 现在没时间"
    ),
    "already_paid": (
        "我昨天就付了 已经交过钱了 钱早就给你们了 不是已经付了吗 我已经支付了 前天就付清了 付完了 "
        "我都付过了 上周已经转账了 刚刚付的款 尾款我付了啊 已经付款了"
    ),
    "not_paid": ("我还没付 还没来得及付 忘记付了 还没给呢 没付呢"),
    "will_pay": (
        "我一会儿就付 晚上付 明天付给你 我马上去付 等下就转 下班就交钱 我会按时付款的 今天之内付 "
        "好的我待会儿支付 这两天就付"
    ),
    "dispute": (
        "钱数不对吧 我没有下过这个单 怎么这么多钱 你们多收钱了 这个订单有问题 我没买过这个东西 尾款不应该这么多"
    ),
    "wrong_person": ("您打错电话了 没有这个人 你找错人了吧 我不认识什么王女士 这不是她的电话 号码打错了 你搞错了"),
    "human": ("帮我转人工客服 我要找真人 让你们经理跟我说 接人工 叫个人来跟我说 有没有人工"),
    "complaint": ("我要投诉 我要去消协告你们 我要举报你们"),
    "refund": ("我要退货 把定金退给我 我要求退款 能退款吗 不想买了 帮我取消订单"),
    "exchange": ("能换一个吗 我想换货 换个大一点的"),
    "ship_status": ("我的货什么时候到 快递到哪了 怎么还不发货 啥时候能发货 发货没有"),
    "address_wrong": ("我的地址写错了 能改一下收货地址吗 我搬家了 地址要改一下"),
    "is_robot": ("你是人还是机器啊 你是真人吗 是不是机器人打的 你是AI吧"),
    "who_is_this": ("你是哪位啊 你们是哪里的 什么公司啊 你谁啊 你哪里啊 请问您是哪位"),
    "repeat": ("你刚才说什么 麻烦再说一遍 我没听清楚 什么意思啊 没听明白 啊你说啥"),
    "slower": ("你慢点说 说得太快了 能不能慢一点"),
    "hold_on": ("稍等一下 你等会儿 等我一下啊 先别挂"),
    "hello": ("喂 喂喂喂 喂听得到吗 你好"),
    "bye": ("再见 拜拜 那先这样 挂了啊"),
    "thanks": ("谢谢啊 好谢谢 谢谢你啊"),
    "stop_calling": (
        "不要再给我打电话了 别打了行不行 你们别老打电话 以后不要打来了 别再骚扰我了 不要打电话给我了 我要把你拉黑"
    ),
    "later": ("过一会儿再打吧 等会儿再说 下午再打 改天再联系 晚点再说吧"),
    "not_interested": ("没兴趣 我不感兴趣 不考虑了 暂时不需要 用不到"),
    "ask_price": ("要多少钱啊 这个多少钱 一共要付多少 尾款是多少"),
    "ask_discount": ("能便宜点吗 有什么优惠没有 能打折吗 有优惠券吗"),
    "angry": ("你们烦不烦啊 神经病啊 你们太过分了 怎么老打电话烦死了"),
}


@pytest.mark.parametrize("intent", WAYS_TO_SAY)
def test_many_ways_to_say_it(intents: Intents, intent: str) -> None:
    made = {text: understand(text, intents).intent for text in WAYS_TO_SAY[intent].split()}
    assert {text: found for text, found in made.items() if intent not in intents.meanings(found or "")} == {}


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


def small(**phrases: str) -> Intents:
    """A pack of its own: phrases by intent, parted by spaces."""
    return compile_intents({name: Intent(title=name, phrases=tuple(all.split())) for name, all in phrases.items()}, ())


def test_what_a_step_expects_wins_near_ties() -> None:
    intents = small(first="改地址", other="换地址")
    for text in ("我要改地址换地址", "我要换地址改地址"):
        assert understand(text, intents, ("first",)).intent == "first"
        assert understand(text, intents, ("other",)).intent == "other"


def test_what_a_step_expects_is_not_invented(intents: Intents) -> None:
    assert understand("好的，我要改一下收货地址", intents, ("affirm", "deny")).intent == "address_wrong"
    assert understand("今天天气不错", intents, ("affirm", "deny")).intent is None


def test_a_part_of_a_longer_phrase_means_nothing_else() -> None:
    intents = small(refund="退款", refund_time="退款…到账")
    assert understand("退款什么时候到账", intents).intent == "refund_time"
    assert understand("我要退款", intents).intent == "refund"


def test_a_gap_is_short_and_holds_no_negation() -> None:
    intents = small(refund="能…退")
    assert understand("这个能给我退吗", intents).intent == "refund"
    assert understand("我只能说你们不给退", intents).intent is None
    assert understand("我能先问一下你们那边几点退", intents).intent is None


def test_a_different_syllable_is_a_different_word() -> None:
    intents = small(no_money="手头有点紧")
    assert understand("手头有点井", intents).why == "sound 手头有点紧"
    assert not understand("手头有点忙", intents).why.startswith("sound")


def test_a_sentence_that_denies_is_not_like_one_that_does_not() -> None:
    intents = small(received="快递已经收到了")
    made = understand("快递我已经收到啦", intents)
    assert (made.intent, made.why) == ("received", "like 快递已经收到了")
    assert understand("快递还没收到", intents).intent is None


def test_between_two_likenesses_nothing_is_chosen_unless_expected() -> None:
    intents = small(open="你们早上几点开门", close="你们晚上几点关门")
    assert understand("你们几点门", intents).intent is None


def test_an_order_of_phrases_or_of_a_set_changes_nothing(intents: Intents) -> None:
    turned = dict(reversed(intents.table.items()))
    again = compile_intents(turned, intents.fillers)
    for text in WAYS_TO_SAY["affirm"].split() + WAYS_TO_SAY["already_paid"].split():
        one, other = understand(text, intents), understand(text, again)
        assert (one.intent, one.score) == (other.intent, other.score)


def test_a_value_that_is_asked_for_comes_first(intents: Intents) -> None:
    made = understand("明天下午三点吧", intents, ASK_TIME)
    assert made.intent is None
    assert made.score == 1.0
    assert made.slots == {"datetime": "明天下午三点"}


def test_values_are_found_beside_the_intent(intents: Intents) -> None:
    assert understand("我付了一百二十八块五", intents).slots == {"money": "128.50"}
    assert understand("订单号是零零七三幺", intents).slots == {"digits": "00731"}


@settings(max_examples=30)
@given(text=st.text("是的我不没付了过已经好要转人工再打电话喂你谁，。3", max_size=14))
def test_anything_can_be_heard(intents: Intents, text: str) -> None:
    for expects in (GREET, ASK_TIME):
        made = understand(text, intents, expects)
        assert 0.0 <= made.score <= 1.0
        assert made.intent is None or made.intent in intents.table
        assert made.why


@pytest.mark.parametrize(
    ("heard", "intent"),
    [
        ("用户子写", "user_menu"),  # 用户咨询, as whisper heard it over G.711
        ("用户执旋", "user_menu"),  # another time; 执 is a usual confusion besides
        ("我要查定谭", "order_query"),  # 我要查订单, likewise
        ("用户子卡", None),  # neither the beginning nor the end of 询
        ("用苏子写", None),  # two syllables
        ("不户咨询", None),  # a negation is no mishearing
    ],
)
def test_one_syllable_misheard_of_what_is_waited_for(intents: Intents, heard: str, intent: str | None) -> None:
    assert understand(heard, intents, ("user_menu", "order_query", "business_menu")).intent == intent
    assert understand(heard, intents).intent is None
