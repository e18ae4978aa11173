"""When simulated customers act, tick by tick, and what is said about a wrong file."""

from pathlib import Path

import numpy as np
import pytest

from callbot.errors import SettingsError
from callbot.simulate import customers
from callbot.simulate.customer import Customer, is_loud
from callbot.simulate.customers import Turn

pytestmark = pytest.mark.unit


def acts(customer: Customer, robot: list[tuple[bool, int]], talks_ms: int = 400) -> list[tuple[int, str]]:
    """Play what the robot does (loud or not, for so many ms); what the customer did and when, in ms."""
    found = []
    said_at: int | None = None
    at = 0
    for loud, length in robot:
        for _ in range(length // 20):
            at += 20
            if said_at is not None and at >= said_at:
                customer.said()
                said_at = None
            turn = customer.tick(loud)
            if turn is not None:
                found.append((at, turn.say or turn.key or ("hang_up" if turn.hang_up else "silent")))
                said_at = at + talks_ms if turn.say else None
    return found


def turn(**fields: object) -> Turn:
    return Turn.model_validate(fields)


def test_answers_after_the_robot_has_been_quiet() -> None:
    customer = Customer([turn(say="a.wav"), turn(say="b.wav", after="1s")])
    robot = [(False, 500), (True, 1000), (False, 400), (True, 1000), (False, 3000), (True, 1000), (False, 3000)]
    assert acts(customer, robot) == [(2900 + 700, "a.wav"), (6900 + 1000, "b.wav")]


def test_does_not_speak_again_before_the_robot_does() -> None:
    customer = Customer([turn(say="a.wav"), turn(say="b.wav")])
    assert acts(customer, [(True, 1000), (False, 20_000)]) == [(1700, "a.wav")]


def test_interrupts_so_long_after_the_robot_began() -> None:
    customer = Customer([turn(say="a.wav", interrupt="600ms"), turn(say="b.wav", interrupt="600ms")])
    # The rest of the first sentence, still heard while he speaks, is not a new sentence.
    robot = [(False, 1000), (True, 900), (False, 2000), (True, 3000)]
    assert acts(customer, robot) == [(1620, "a.wav"), (4520, "b.wav")]


def test_a_click_is_no_sentence() -> None:
    customer = Customer([turn(say="a.wav", interrupt="300ms"), turn(hang_up=True)])
    assert acts(customer, [(True, 40), (False, 5000)]) == []


def test_speaks_at_a_time_whatever_the_robot_does_then_waits_for_a_whole_sentence() -> None:
    customer = Customer([turn(say="hello.wav", at="300ms"), turn(say="a.wav")])
    assert acts(customer, [(False, 80), (True, 3000), (False, 2000)]) == [(300, "hello.wav"), (3780, "a.wav")]


def test_silent_key_and_hang_up_take_a_sentence_each() -> None:
    customer = Customer([turn(silent=True), turn(key="1"), turn(hang_up=True)])
    sentence = [(True, 500), (False, 1500)]
    assert [what for _, what in acts(customer, sentence * 4)] == ["silent", "1", "hang_up"]


def test_loudness() -> None:
    wave = np.sin(np.arange(160) / 4)
    assert is_loud((3000 * wave).astype(np.int16))
    assert not is_loud((100 * wave).astype(np.int16))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("customers:\n  '1': {turns: [{say: a.wav, key: '1'}]}", "exactly one of"),
        ("customers:\n  '1': {turns: [{say: a.wav, at: 1s, after: 1s}]}", "at most one of"),
        ("customers:\n  '1': {turns: [{say: a.wav, at: 300}]}", "unit"),
        ("customers:\n  '1': {turns: [{say: missing.wav}]}", "missing.wav"),
        ("customers:\n  '1': {reject: maybe}", "1 → reject"),
        ("customers: [", "line 1"),
        ("{}", "customers"),
    ],
)
def test_a_wrong_file_is_explained(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "a.wav").touch()
    file = tmp_path / "customers.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(SettingsError) as caught:
        customers.load(file, tmp_path)
    assert says in str(caught.value)
    assert str(file) in str(caught.value)


def test_a_missing_file_is_explained(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"nobody\.yaml"):
        customers.load(tmp_path / "nobody.yaml", tmp_path)


def test_the_customers_of_the_demo_can_be_read() -> None:
    root = Path(__file__).parents[2]
    found = customers.load(root / "scripts_dsl/examples/customers.yaml", root / "audio_fixtures").customers
    assert list(found) == [f"1380000000{i}" for i in range(1, 7)]
    assert found["13800000006"].no_answer
