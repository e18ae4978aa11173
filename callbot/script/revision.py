"""A script as it is published: expanded, self-contained, named by its hash. Pure but for reading files."""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from callbot.errors import ScriptError
from callbot.language import Text
from callbot.protocol import Revision
from callbot.script import labels, lint, template
from callbot.script.findings import render
from callbot.script.kinds import kinds_of
from callbot.script.model import Bundle
from callbot.zh.written import written


def build_revision(path: Path) -> Revision:
    """Check the script at ``path`` and expand it with everything it uses: common parts, intents, text messages.

    Errors: ``ScriptError`` with the whole report when lint finds an error; warnings do not stop it.
    """
    checked = lint.check(path)
    errors = [finding for finding in checked.findings if finding.severity == "error"]
    if checked.expanded is None or errors:
        raise ScriptError(
            Text(
                f"话术 {path} 有 {len(errors)} 处错误，不能运行。",
                f"{path} has {len(errors)} errors and cannot be run.",
            ),
            render(checked.findings),
        )
    text = json.dumps(checked.expanded, ensure_ascii=False)
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    return Revision(checked.expanded["script"]["id"], digest, text)


@lru_cache(maxsize=32)
def read_revision(revision: Revision) -> Bundle:
    """The checked content of a revision."""
    return Bundle.model_validate_json(revision.text)


def render_sms(revision: Revision, sms: str, values: Mapping[str, str]) -> str:
    """The text message ``sms`` with this contact's canonical values put in, as people write them.

    ``values`` are inputs and slots by name. Errors: ``KeyError`` for a template or value that is not there.
    """
    bundle = read_revision(revision)
    types = kinds_of(bundle.script)

    def lookup(name: str) -> str:
        named = labels.label(bundle.script, name, values[name], values)
        return named or written(types.get(name, "text"), values[name])

    return template.fill(bundle.sms[sms].text, lookup)
