"""The reference pages name everything that exists: settings, script keys, actions, outcomes, commands."""

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel
from typer.main import get_command

from callbot.authoring.schema_words import ENGLISH
from callbot.cli import build, settings_file
from callbot.script import actions, ask, basics, branch, cases, ending, faq, model, prompt
from callbot.script.library import load
from callbot.values import Disposition

pytestmark = pytest.mark.unit

SCRIPTS = Path(__file__).parents[2] / "scripts_dsl"
REFERENCE = Path(__file__).parents[2] / "docs" / "reference"


def first_cells(page: str) -> list[str]:
    """What stands between backquotes in the first column of a page's tables."""
    return re.findall(r"^\| \**`([^`]+)`", (REFERENCE / page).read_text("utf-8"), re.MULTILINE)


def test_settings() -> None:
    assert sorted(cell.strip("[]") for cell in first_cells("settings.md") if not cell.isupper()) == sorted(
        settings_file.keys()
    )


def test_script_keys() -> None:
    parts = [
        part
        for module in (actions, ask, basics, branch, cases, ending, faq, model, prompt)
        for part in vars(module).values()
        if isinstance(part, type)
        and issubclass(part, BaseModel)
        and part not in (ask.Ask, model.Bundle, prompt.BargeIn)
    ]
    keys = {field.alias or name for part in parts for name, field in part.model_fields.items()}
    assert keys <= set(first_cells("script-keys.md"))


def test_keys_have_the_english_of_the_reference_in_the_schema() -> None:
    """Behind the Chinese of every key; when this fails, add the key to ``schema_words`` and run `callbot schema`."""
    rows = re.findall(r"^\| `([^`]+)` \| .*? \| (.*?) \|$", (REFERENCE / "script-keys.md").read_text("utf-8"), re.M)
    told = {(key, _plain(english)) for key, english in rows}
    keys = {(name, name.partition(".")[2]) for name in ENGLISH}
    assert [
        name for name, key in keys if not any(row == key and text.startswith(ENGLISH[name]) for row, text in told)
    ] == []
    others = (ask.Ask, model.Bundle, prompt.BargeIn)  # written in short forms that have schemas of their own
    parts = [
        part
        for module in (actions, ask, basics, branch, cases, ending, faq, model, prompt)
        for part in vars(module).values()
        if isinstance(part, type) and issubclass(part, BaseModel) and part not in others
    ]
    demanded = {f"{part.__name__}.{field.alias or name}" for part in parts for name, field in part.model_fields.items()}
    assert demanded - ENGLISH.keys() == set()


def _plain(cell: str) -> str:
    """A cell of the reference without its markup."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell).replace("`", "").replace("\\|", "|").replace(" (required)", "")


def test_types_of_values() -> None:
    types = {*get_args(ask.AskType), *get_args(model.InputType)}
    assert types <= set(first_cells("script-keys.md"))


def test_actions() -> None:
    assert load(REFERENCE.parents[1] / "scripts_dsl").actions.keys() <= set(first_cells("script-keys.md"))


def test_shared_intents() -> None:
    assert first_cells("intents.md") == list(load(SCRIPTS).intents)


def test_outcomes_of_the_network() -> None:
    assert {str(disposition) for disposition in Disposition} <= set(first_cells("outcomes.md"))


def test_commands_and_their_options() -> None:
    page = (REFERENCE / "command-line.md").read_text("utf-8")
    sections = dict(re.findall(r"^## `callbot ([\w-]+)[^\n]*\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL))
    commands = get_command(build()).commands  # type: ignore[attr-defined]
    assert sections.keys() == commands.keys()
    for name, command in commands.items():
        for parameter in command.params:
            for option in parameter.opts:
                assert not option.startswith("--") or option == "--help" or option in sections[name], (name, option)
