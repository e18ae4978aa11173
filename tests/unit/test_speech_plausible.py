import pytest

from callbot.speech.plausible import Measures, rejection, simplified

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "seconds", "no_speech", "log_prob", "reason"),
    [
        ("好的我今天就付。", 2.0, 0.1, -0.3, ""),
        ("好", 0.7, 0.1, -3.2, ""),
        ("对对对对", 1.2, 0.1, -0.5, ""),
        ("喂喂喂喂", 1.5, 0.1, -0.5, ""),
        ("一三八零零一三八零零零", 3.0, 0.1, -0.5, ""),
        ("13800138000", 2.5, 0.1, -0.5, ""),
        ("", 1.0, 0.1, -0.5, "empty"),
        ("。。", 1.0, 0.1, -0.5, "empty"),
        ("好的", 1.0, 0.7, -0.5, "no_speech"),
        ("好的", 2.0, 0.1, -2.5, "unsure"),
        ("好", 0.7, 0.1, -4.0, "unsure"),
        ("请不吝点赞 订阅", 3.0, 0.1, -0.5, "invented"),
        ("好的好的好的好的好的好的好的好的", 1.0, 0.1, -0.2, "loop"),
        ("我我我我我我我我我我我我", 5.0, 0.1, -0.2, "loop"),
    ],
)
def test_what_may_stand(text: str, seconds: float, no_speech: float, log_prob: float, reason: str) -> None:
    assert rejection(Measures(text, seconds, no_speech, log_prob)) == reason


def test_traditional_characters_become_simplified() -> None:
    assert simplified(" 謝謝，請問還有訂單嗎 ") == "谢谢，请问还有订单吗"
