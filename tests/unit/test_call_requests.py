"""Asking again is not doing again: how questions to systems are named."""

import pytest

from callbot.call.requests import Requests

pytestmark = pytest.mark.unit


def test_a_question_that_never_got_an_answer_keeps_its_name() -> None:
    requests = Requests("call_1")
    first = requests.name("reserve_coupon", {"order_no": "1"})
    assert first == "call_1:reserve_coupon:1"
    assert requests.name("reserve_coupon", {"order_no": "1"}) == first
    requests.answered("reserve_coupon", "failed")
    assert requests.name("reserve_coupon", {"order_no": "1"}) == first


def test_after_an_answer_the_same_words_are_a_new_question() -> None:
    requests = Requests("call_1")
    requests.name("payment_status", {"order_no": "1"})
    requests.answered("payment_status", "unpaid")
    assert requests.name("payment_status", {"order_no": "1"}) == "call_1:payment_status:2"


def test_other_arguments_are_another_question_and_so_is_going_back_to_the_first() -> None:
    requests = Requests("call_1")
    names = [requests.name("change_address", {"address": each}) for each in ("一", "二", "一")]
    assert names == ["call_1:change_address:1", "call_1:change_address:2", "call_1:change_address:3"]


def test_actions_are_counted_apart() -> None:
    requests = Requests("call_1")
    requests.name("a", {})
    assert requests.name("b", {}) == "call_1:b:1"
