"""What a step says: variants, recordings, how it may be interrupted."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from callbot.audio import wav
from callbot.dialogue.pieces import shared_pieces
from callbot.messages import Action, Heard, Say, Silence
from callbot.script.revision import build_revision, read_revision
from tests.unit.script_workshop import OPENING, Workshop, last, said, talk, workshop

pytestmark = pytest.mark.unit


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return workshop(tmp_path)


def steps(rest: str = "", variants: str = "", step: str = "greet") -> str:
    return f"{step}:\n  say:\n    first: {OPENING}好吗？\n{variants}  answers: {{affirm: bye}}\n{rest}"


ALL = "    silence: 您还在吗？\n    unclear: 没听清，好吗？\n    repeat: 我说，好吗？\n    slower: 慢慢说，好吗？\n"
AGAIN = "    repeat: 我说，好吗？\n"
FIRST = f"{OPENING}好吗？"
UNCLEAR, REPEAT, SLOWER = Heard("呼噜呼噜"), Heard("", "repeat"), Heard("", "slower")


def sentence(actions: tuple[Action, ...]) -> Say:
    (say,) = [action for action in actions if isinstance(action, Say)]
    return say


@pytest.mark.parametrize(
    ("variants", "event", "text"),
    [
        (ALL, Silence(), "您还在吗？"),
        (ALL, UNCLEAR, "没听清，好吗？"),
        (ALL, REPEAT, "我说，好吗？"),
        (ALL, SLOWER, "慢慢说，好吗？"),
        (AGAIN, Silence(), "我说，好吗？"),
        (AGAIN, UNCLEAR, "我说，好吗？"),
        (AGAIN, SLOWER, "我说，好吗？"),
        ("", Silence(), FIRST),
        ("", SLOWER, FIRST),
    ],
)
def test_the_occasion_chooses_the_variant(shop: Workshop, variants: str, event: Heard | Silence, text: str) -> None:
    script = shop.compile(steps(variants=variants))
    say = sentence(last(script, event))
    assert say.text == text
    assert say.slow == (event == SLOWER)
    assert set(say.pieces) <= set(shared_pieces(script))


def test_every_variant_is_linted(shop: Workshop) -> None:
    assert shop.errors(steps(variants="    unclear: 还差{dew}\n")) == {"S204"}
    private = steps(variants="    unclear: 还差{due}\n")
    assert shop.errors(private, "inputs: {due: {type: money, private: identity}}\n") == {"S404"}
    assert shop.errors(steps(variants="    again: 好吗\n")) == {"S101"}
    long = [found for found in shop.lint(steps(variants=f"    repeat: {'很长' * 30}\n")) if found.code == "S401"]
    assert [found.fragment.strip()[:6] for found in long] == ["repeat"]


def test_variants_in_braces_are_cut_like_any_sentence(shop: Workshop) -> None:
    text = f"greet:\n  say: {{first: {OPENING}好吗,行吗}}\n  answers: {{affirm: bye}}\n"
    assert "S105" in shop.errors(text)


@pytest.mark.parametrize(
    ("written", "by", "guard_ms"),
    [
        ("on", "speech", 0),
        ("off", "nothing", 0),
        ("{after: 800ms}", "speech", 800),
        ("{by: meaning}", "meaning", 0),
    ],
)
def test_a_step_says_how_it_may_be_interrupted(shop: Workshop, written: str, by: str, guard_ms: int) -> None:
    say = sentence(last(shop.compile(steps(f"  barge_in: {written}\n"))))
    assert (say.barge_in_by, say.guard_ms) == (by, guard_ms)


@pytest.mark.parametrize("written", ["maybe", "{by: speech}", "{after: 800}", "{}", "{after: 1s, by: meaning}"])
def test_other_ways_to_interrupt_are_errors(shop: Workshop, written: str) -> None:
    assert shop.errors(steps(f"  barge_in: {written}\n")) <= {"S103", "S104"}
    assert shop.errors(steps(f"  barge_in: {written}\n"))


# ---------------------------------------------------------------- recordings


def record(shop: Workshop, name: str = "greet.wav", seconds: float = 1.0) -> Path:
    path = shop.root / "audio" / name
    path.parent.mkdir(exist_ok=True)
    wav.write(path, np.full(int(seconds * 8000), 1000, np.int16))
    return path


def test_a_recording_is_named_by_its_hash_and_goes_with_the_text(shop: Workshop) -> None:
    path = record(shop)
    script = shop.compile(steps("  audio: audio/greet.wav\n"))
    say = sentence(last(script))
    assert say.audio == hashlib.sha256(path.read_bytes()).hexdigest()
    assert say.text == FIRST
    assert say.pieces, "the pieces are there for a line that lost the file"
    assert sentence(last(script, Silence())).audio == say.audio, "said again as it stands"


def test_another_recording_is_another_revision(shop: Workshop) -> None:
    record(shop)
    written = shop.script(steps("  audio: audio/greet.wav\n"))
    before = build_revision(written)
    record(shop, seconds=2.0)
    after = build_revision(written)
    assert before.hash != after.hash
    assert list(read_revision(after).recordings) == ["audio/greet.wav"]


def test_variants_have_their_own_recordings(shop: Workshop) -> None:
    record(shop)
    record(shop, "again.wav", 0.5)
    script = shop.compile(steps("  audio: {first: audio/greet.wav, repeat: audio/again.wav}\n", AGAIN))
    first, again = sentence(last(script)), sentence(last(script, REPEAT))
    assert first.audio
    assert again.audio
    assert first.audio != again.audio


def test_recordings_of_shared_parts_lie_beside_them(shop: Workshop) -> None:
    record(shop).rename(shop.root / "common" / "wait.wav")
    shop.add(
        "common/waiting.yaml",
        """\
        dsl: 1
        id: waiting
        kind: common
        steps:
          wait:
            say: 等等。
            audio: wait.wav
            end: {outcome: waited}
        """,
    )
    script = shop.script(steps().replace("affirm: bye", "affirm: wait"))
    script.write_text(script.read_text("utf-8").replace("use: [made_ends]", "use: [made_ends, waiting]"), "utf-8")
    assert list(read_revision(build_revision(script)).recordings) == ["common/wait.wav"]


@pytest.mark.parametrize(
    ("seconds", "change", "code"),
    [
        (1.0, ("greet.wav", "nobody.wav"), "S410"),
        (0.05, ("", ""), "S410"),
        (16.0, ("", ""), "S410"),
        (1.0, ("好吗？", "{due}好吗？"), "S411"),
        (1.0, ("audio: audio/greet.wav", "audio: {unclear: audio/greet.wav}"), "S411"),
    ],
)
def test_unusable_recordings_are_errors(shop: Workshop, seconds: float, change: tuple[str, str], code: str) -> None:
    record(shop, seconds=seconds)
    text = steps("  audio: audio/greet.wav\n").replace(*change)
    assert shop.errors(text, "inputs: {due: {type: money}}\n") == {code}


def test_a_recording_has_the_form_of_the_line(shop: Workshop) -> None:
    path = record(shop)
    data = bytearray(path.read_bytes())
    data[24:28] = (16000).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    assert shop.errors(steps("  audio: audio/greet.wav\n")) == {"S410"}
    path.write_bytes(b"RIFF")
    assert shop.errors(steps("  audio: audio/greet.wav\n")) == {"S410"}


def test_an_opening_that_only_compares_is_looked_through(shop: Workshop) -> None:
    text = "begin:\n  check: now\n  rows:\n    - {before: 12:00, to: greet}\n  otherwise: late\n"
    late = "late:\n  say: 太晚了。\n  end: {outcome: late}\n"
    found = shop.lint(text + steps() + late, start="begin")
    assert {(each.code, each.fragment.strip()) for each in found} == {
        ("S402", "say: 太晚了。"),
        ("S403", "say: 太晚了。"),
    }


def test_a_chain_of_silent_steps_may_be_long(shop: Workshop) -> None:
    chain = "".join(f"s{at}: {{then: s{at + 1}}}\n" for at in range(400)) + "s400: {then: bye}\n"
    session = talk(shop.compile(steps().replace("affirm: bye", "affirm: s0") + chain), Heard("", "affirm"))
    assert session.state.outcome == "done"
    assert said(last(session.script)) == [FIRST]
