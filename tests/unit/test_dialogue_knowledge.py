"""Questions of customers find the entry that answers them, and talk finds none."""

from collections.abc import Mapping

import pytest

from callbot.dialogue.knowledge import Knowledge, compile_knowledge
from callbot.script.faq import FaqEntry

pytestmark = pytest.mark.unit

ENTRIES = {
    "presale": ("预售什么时候发货", "预售商品多久发货", "付了定金什么时候能收到货"),
    "deposit": ("定金可以退吗", "定金能退吗", "定金退不退"),
    "deadline": ("尾款最晚什么时候付", "尾款截止时间是哪天", "尾款什么时候到期"),
    "late": ("尾款没付会怎么样", "忘记付尾款怎么办", "尾款过期了怎么办"),
    "pay": ("尾款怎么付", "在哪里付尾款", "怎么支付尾款"),
    "ways": ("可以用支付宝付吗", "能用微信支付吗", "支持哪些付款方式"),
    "invoice": ("可以开发票吗", "怎么开发票", "发票什么时候开"),
    "vat_invoice": ("能开专票吗", "可以开增值税专用发票吗"),
    "shipping_fee": ("退货运费谁出", "退货要自己付邮费吗", "有运费险吗"),
    "days": ("几天可以无理由退货", "七天无理由怎么算", "多少天内可以退货"),
    "address": ("下单后可以改地址吗", "收货地址怎么修改", "地址填错了怎么办"),
    "hours": ("客服几点上班", "人工客服工作时间", "你们几点下班"),
    "warranty": ("保修期多长", "质保几年", "保修多久"),
    "shop": ("有实体店吗", "线下门店在哪", "你们有没有门店"),
    "price": ("降价了可以退差价吗", "买贵了怎么办", "有价格保护吗"),
    "gift": ("有赠品吗", "赠品什么时候发", "赠品没收到怎么办"),
}


def knowing(entries: Mapping[str, tuple[str, ...]]) -> Knowledge:
    return compile_knowledge(
        {name: FaqEntry(questions=questions, answer=f"答{name}。") for name, questions in entries.items()}
    )


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return knowing(ENTRIES)


@pytest.mark.parametrize(
    ("text", "entry", "how"),
    [
        ("定金可以退吗？", "deposit", "phrase"),
        ("请问一下，定金可以退吗", "deposit", "phrase"),
        ("定金可以腿吗", "deposit", "sound"),
        ("为款怎么付", "pay", "sound"),
        ("定金交了还能退吗", "deposit", "like"),
        ("那个尾款最晚啥时候要付呢", "deadline", "like"),
        ("要是忘了付尾款会怎样", "late", "like"),
        ("可不可以用微信付款", "ways", "like"),
        ("我想问下发票怎么开", "invoice", "like"),
        ("给开增值税专票吗", "vat_invoice", "like"),
        ("退货的话运费是谁来出", "shipping_fee", "like"),
        ("多少天之内可以退", "days", "like"),
        ("地址填错了还能改吗", "address", "like"),
        ("客服是几点上班的", "hours", "like"),
        ("这个保修多长时间", "warranty", "like"),
        ("你们在线下有实体店吗", "shop", "phrase"),
        ("刚买就降价了能退差价不", "price", "like"),
        ("赠品怎么没收到", "gift", "like"),
    ],
)
def test_a_question_finds_its_entry(knowledge: Knowledge, text: str, entry: str, how: str) -> None:
    found = knowledge.find(text)
    assert found is not None
    assert (found.entry, found.why.partition(" ")[0]) == (entry, how)
    assert found.why.partition(" ")[2] in ENTRIES[entry]
    assert 0.5 <= found.score <= 1.0
    assert found.answer == f"答{entry}。"


@pytest.mark.parametrize(
    "text",
    [
        "今天天气不错",
        "我要转人工",
        "你好",
        "",
        "，。",
        "我在开会",
        "你是谁",
        "多少钱",
        "好的好的",
        "几点的飞机",
    ],
)
def test_talk_that_asks_nothing_finds_none(knowledge: Knowledge, text: str) -> None:
    assert knowledge.find(text) is None


def test_a_question_between_two_entries_is_left_open() -> None:
    knowledge = knowing({"here": ("北京门店几点开门",), "there": ("上海门店几点开门",)})
    assert knowledge.find("门店几点开门") is None
    found = knowledge.find("上海的门店是几点开门")
    assert found is not None
    assert found.entry == "there"


def test_a_negation_that_the_question_has_not_is_another_question() -> None:
    knowledge = knowing({"arrived": ("已经收到退款",)})
    assert knowledge.find("已经收到退款啦") is not None
    assert knowledge.find("没有收到退款") is None


def test_without_entries_nothing_is_found() -> None:
    assert compile_knowledge({}).find("定金可以退吗") is None


def test_what_asks_nothing_is_like_no_question() -> None:
    knowledge = knowing({"late": ("忘记付尾款怎么办",), "parts": ("分期付款",)})
    assert knowledge.find("我忘记付尾款了") is None
    assert knowledge.find("我要是忘记付尾款怎么弄") is not None
    found = knowledge.find("我想分期来付款")
    assert found is not None
    assert found.entry == "parts"
