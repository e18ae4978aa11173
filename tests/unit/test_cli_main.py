"""What a person sees when the command line starts, fails and is asked for help."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from callbot import cli
from callbot.errors import ScriptError, SettingsError
from callbot.language import Text

pytestmark = pytest.mark.unit


def run(monkeypatch: pytest.MonkeyPatch, command: Callable[[], None]) -> int:
    """The exit code of ``callbot go`` where ``go`` is the given function."""

    def build() -> typer.Typer:
        app = typer.Typer(add_completion=False)
        app.callback()(lambda: None)
        app.command("go")(command)
        return app

    monkeypatch.setattr(sys, "argv", ["callbot", "go"])
    with pytest.raises(SystemExit) as exit_:
        cli.main(build)
    assert isinstance(exit_.value.code, int)
    return exit_.value.code


def failing(error: BaseException) -> Callable[[], None]:
    def go() -> None:
        raise error

    return go


def test_an_error_for_people_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, failing(SettingsError(Text("端口被占用", "busy")))) == 2
    assert capsys.readouterr().err == "端口被占用\n"


def test_the_report_of_a_script_comes_before_the_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], english: None
) -> None:
    assert run(monkeypatch, failing(ScriptError(Text("有错", "1 error"), report="a.yaml:1:2 S203"))) == 2
    assert capsys.readouterr().err == "a.yaml:1:2 S203\n1 error\n"


def test_a_folder_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    assert run(monkeypatch, (tmp_path / "file" / "logs").mkdir) == 2
    said = capsys.readouterr().err
    assert str(tmp_path / "file" / "logs") in said
    assert "data_dir" in said


def test_ctrl_c_is_130_without_words(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, failing(KeyboardInterrupt())) == 130
    assert "Traceback" not in capsys.readouterr().err


def test_an_internal_error_keeps_its_details_in_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, failing(ZeroDivisionError("secret 13800138000"))) == 1
    shown = capsys.readouterr().err
    (details,) = (tmp_path / "var" / "logs").glob("error-*.txt")
    assert str(details) in shown
    assert "secret" not in shown
    assert "ZeroDivisionError" in details.read_text("utf-8")


def test_details_go_elsewhere_when_the_settings_are_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "callbot.toml").write_text("not toml", "utf-8")
    assert run(monkeypatch, failing(ZeroDivisionError())) == 1
    (details,) = tmp_path.glob("error-*.txt")
    assert str(details) in capsys.readouterr().err


def test_debugging_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLBOT_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        run(monkeypatch, failing(ZeroDivisionError()))


@pytest.mark.parametrize(("language", "word"), [("zh", "缺什么"), ("en", "what is missing")])
def test_help_speaks_the_language_of_the_interface(language: str, word: str) -> None:
    shown = start("--help", language=language)
    assert word in shown


def test_help_imports_nothing_heavy() -> None:
    """Start-up stays quick because what is heavy is imported by the commands that need it."""
    code = (
        "import sys; from callbot.cli import build; build(); "
        "print([name for name in ('numpy', 'sqlalchemy', 'fastapi', 'dbos', 'onnxruntime', 'ctranslate2', 'pjsua2', "
        "'misaki', 'httpx', 'zmq') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "[]"


def test_version() -> None:
    assert start("--version").startswith("callbot ")


def start(*arguments: str, language: str = "zh") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "callbot.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={"CALLBOT_LANG": language, "PATH": "/usr/bin:/bin", "COLUMNS": "100", "PYTHONIOENCODING": "utf-8"},
        cwd=Path(__file__).parents[2],
    )
    return done.stdout
