"""Where scripts are: by path, by id, in folders. Imports at start only what every command needs."""

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from callbot.errors import ScriptError
from callbot.language import Text

if TYPE_CHECKING:
    from callbot.settings import Settings

TEST = ".test.yaml"
"""End of the name of a script's test file."""


def read_settings() -> "Settings":
    """The settings of this installation, imported when a command runs."""
    from callbot.settings import load

    return load()


def yaml_files(paths: Iterable[Path]) -> list[Path]:
    """All YAML files of the given files, folders and script ids, each once."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(path.rglob("*.yaml"))
        elif path.exists():
            found.append(path)
        else:
            found.append(script_path(read_settings(), str(path)))
    return list(dict.fromkeys(found))


def script_folders(settings: "Settings") -> list[Path]:
    """Where scripts are: those of campaigns, then the hotline flows if there are any."""
    return [settings.scripts_dir, *([settings.flows_dir] if settings.flows_dir.is_dir() else [])]


def script_path(settings: "Settings", name: str) -> Path:
    """A script by path or by id. Errors: ``ScriptError`` with the closest id."""
    path = Path(name)
    if path.suffix == ".yaml" and path.is_file():
        return path
    for path in (folder / f"{name}.yaml" for folder in script_folders(settings)):
        if path.is_file():
            return path
    known = [
        each.stem
        for folder in script_folders(settings)
        for each in folder.glob("*.yaml")
        if not each.name.endswith(TEST)
    ]
    close = difflib.get_close_matches(name, known, n=1)
    hint = Text(f"您是想写 {close[0]} 吗？", f"Did you mean {close[0]}?") if close else Text("", "")
    raise ScriptError(
        Text(
            f"{settings.scripts_dir} 里没有话术 {name}。{hint.zh}",
            f"There is no script {name} in {settings.scripts_dir}. {hint.en}",
        )
    )
