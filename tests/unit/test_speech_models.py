import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from callbot.errors import SpeechError
from callbot.language import Text
from callbot.speech import graphs
from callbot.speech.graphs import Stretch
from callbot.speech.models import Model, ModelFile, ready, status, vosk_folder

pytestmark = pytest.mark.unit

PARTS = (b"first half, ", b"second half")


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Model:
    """A model in two packages that can be imported during this test."""
    for number, content in enumerate(PARTS, 1):
        package = tmp_path / "site" / f"little_model_{number}"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "part.bin").write_bytes(content)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return model(hashlib.sha256(b"".join(PARTS)).hexdigest())


def model(digest: str) -> Model:
    inside = (("little_model_1", "part.bin"), ("little_model_2", "part.bin"))
    return Model(
        "little",
        Text("试验", "a try"),
        "MIT",
        ("little-model-1", "little-model-2"),
        needed=True,
        files=(ModelFile("model.bin", sum(map(len, PARTS)), digest, inside),),
    )


def test_parts_are_joined_and_reported(parts: Model, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    folder = ready(parts, tmp_path / "models", lambda done, total: seen.append((done, total)))
    assert (folder / "model.bin").read_bytes() == b"".join(PARTS)
    assert seen[-1] == (23, 23)
    assert sorted(path.name for path in folder.iterdir()) == ["model.bin", "verified"]


def test_the_second_time_nothing_is_read(parts: Model, tmp_path: Path) -> None:
    folder = ready(parts, tmp_path / "models")
    seen: list[int] = []
    assert ready(parts, tmp_path / "models", lambda done, total: seen.append(done)) == folder
    assert seen == []


def test_a_file_of_another_size_is_made_anew(parts: Model, tmp_path: Path) -> None:
    folder = ready(parts, tmp_path / "models")
    (folder / "model.bin").write_bytes(b"cut off")
    ready(parts, tmp_path / "models")
    assert (folder / "model.bin").read_bytes() == b"".join(PARTS)


def test_a_model_is_cut_when_its_cuts_are_new_or_missing(
    parts: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cuts: list[str] = []

    def cut(source: Path, stretches: Sequence[Stretch]) -> None:
        cuts.append(source.name)
        for stretch in stretches:
            (source.parent / stretch.name).write_bytes(b"a stretch")

    monkeypatch.setattr(graphs, "cut", cut)
    folder = ready(parts, tmp_path / "models")  # as an older callbot left it
    halves = replace(parts, stretches=(Stretch("first.onnx", ("x",), ("y",)),))
    assert ready(halves, tmp_path / "models") == folder
    ready(halves, tmp_path / "models")
    assert cuts == ["model.bin"]
    (folder / "first.onnx").unlink()
    ready(halves, tmp_path / "models")
    assert cuts == ["model.bin"] * 2


@pytest.mark.usefixtures("parts")
def test_a_wrong_sum_leaves_no_file_and_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SpeechError, match="--force-reinstall little-model-1 little-model-2"):
        ready(model("0" * 64), tmp_path / "models")
    assert list((tmp_path / "models" / "little").iterdir()) == []


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(SpeechError, match="pip install little-model-1"):
        ready(model("0" * 64), tmp_path / "models")


@pytest.mark.usefixtures("parts")
def test_a_folder_that_cannot_be_written_gets_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file stands where the folder should be")
    with pytest.raises(SpeechError, match="little"):
        ready(model("0" * 64), tmp_path / "models")


def test_a_model_that_is_not_joined_yet_says_how(tmp_path: Path) -> None:
    found = {state.model.name: state for state in status(tmp_path)}
    assert not found["whisper-base"].ready
    assert found["whisper-base"].problem is not None
    assert found["silero-vad"].ready


@pytest.mark.parametrize("folder", [None, Path("nowhere")])
def test_vosk_without_a_model_names_the_setting(folder: Path | None) -> None:
    with pytest.raises(SpeechError, match=r"speech\.vosk_model"):
        vosk_folder(folder)
