"""The JSON Schema of the script language, for editors: made from the model, committed, checked for freshness.

Titles and descriptions are in Chinese and English, because an editor shows a schema as it is. ``callbot schema``
writes it.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from callbot.authoring.schema_words import ENGLISH
from callbot.script.actions import ActionFile
from callbot.script.cases import CaseFile
from callbot.script.faq import FaqFile
from callbot.script.model import CommonPart, Flow, IntentFile, Script, SmsFile

_SCHEMAS: dict[str, type[BaseModel]] = {
    "script.v1.json": Script,
    "common.v1.json": CommonPart,
    "faq.v1.json": FaqFile,
    "flow.v1.json": Flow,
    "intents.v1.json": IntentFile,
    "sms.v1.json": SmsFile,
    "actions.v1.json": ActionFile,
    "test.v1.json": CaseFile,
}


def schemas() -> dict[str, str]:
    """The text of every schema file, by its name."""
    return {
        name: json.dumps(_tidy(_english(model)), ensure_ascii=False, indent=1) + "\n"
        for name, model in _SCHEMAS.items()
    }


def _english(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of a model with the English of every key behind its Chinese."""
    schema = model.model_json_schema(by_alias=True)
    for name, part in {model.__name__: schema, **schema.get("$defs", {})}.items():
        for key, field in part.get("properties", {}).items():
            title = field.get("title")
            if title is not None:
                field["title"] = f"{title} / {key.replace('_', ' ')}"
            if f"{name}.{key}" in ENGLISH:
                field["description"] = " / ".join(filter(None, (field.get("description"), ENGLISH[f"{name}.{key}"])))
    return schema


def _tidy(schema: Any) -> Any:
    """Without the English class docstrings and without ``null``, which nobody writes in a script."""
    if isinstance(schema, list):
        return [_tidy(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _tidy(value) for key, value in schema.items() if key not in ("default", "$defs")}
    if kept.get("type") == "object" and str(kept.get("description", "")).isascii():
        kept.pop("description", None)
        kept.pop("title", None)
    options = [each for each in kept.get("anyOf", ()) if each != {"type": "null"}]
    if len(options) == 1:
        del kept["anyOf"]
        kept = {**options[0], **kept}
    elif options:
        kept["anyOf"] = options
    if "$defs" in schema:
        kept["$defs"] = {name: _tidy(each) for name, each in schema["$defs"].items()}
    return kept


def write(folder: Path) -> None:
    """Write all schema files into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in schemas().items():
        (folder / name).write_text(text, "utf-8")
