"""Whatever stands in a file, the loader answers with findings at places: no traceback, little time, little memory.

The limits are those of the issue: 2 s and 200 MB a file. Time is CPU time of a process of its own.
"""

import json
import random
import string
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callbot.script import lint, source
from callbot.script.cases import CaseFile
from callbot.script.findings import render
from callbot.script.library import Library, load
from callbot.script.shape import check_shape, check_yaml

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
SCRIPT = (ROOT / "scripts_dsl" / "balance_reminder.yaml").read_text("utf-8")
HOTLINE = (ROOT / "ivr_flows" / "hotline.yaml").read_text("utf-8")
COMMON = (ROOT / "scripts_dsl" / "common" / "common_endings.yaml").read_text("utf-8")

LAUGHS = "a: &a [x, x, x]\n" + "".join(
    f"{to}: &{to} [{', '.join([f'*{of}'] * 9)}]\n" for of, to in zip("abcdefgh", "bcdefghi", strict=True)
)
LISTS = (
    "".join(f"{key}: []\n" for key in ["dsl", "id", "kind", "inputs", "defaults", "longest", "steps"])
    + "use: {}\nfaq: 3\n"
)
ODD_STEPS = "steps:\n  a: []\n  b: 3\n  c: {say: [], answers: 3, keys: [1], do: x, check: [], rows: 3}\n"
WIDE = "  w:\n    check: due\n    rows:\n" + "      - {at_most: 1, to: nowhere}\n" * 3_000 + "    otherwise: w\n"
HOSTILE = {
    "billion_laughs": LAUGHS,
    "cycle": "&a [*a]",
    "cycle_of_keys": "&a {? *a : *a}",
    "brackets": "[" * 100_000,
    "braces": "{a: " * 50_000,
    "dashes": "- " * 50_000,
    "ten_megabytes": "a: b\n" * 2_000_000,
    "ten_megabytes_of_one_line": "a: " + "字" * 3_500_000,
    "many_values": "[" + "a," * 250_000 + "]",
    "many_keys": "".join(f"k{at}: v\n" for at in range(40_000)),
    "one_key_many_times": "a: b\n" * 14_000,
    "long_plain": "a:\n" + "  行 字\n" * 60_000,
    "long_quoted": 'a: "' + "x\\n" * 150_000 + '"',
    "comments": "# x\n" * 120_000,
    "question_marks": "? " * 50_000,
    "spaces": " " * 500_000,
    "several": "a: b\n---\nc: d\n",
    "directive": "%YAML 9.9\n---\na: b\n",
    "unknown_directive": "%NONE x\n---\na: b\n",
    "python_tag": "a: !!python/object/apply:os.system [ls]\n",
    "bad_escape": 'a: "\\UFFFFFFFF"',
    "control": "dsl: 1\nid: a\x07b\n",
    "line_separators": "dsl: 1\u2028id: a\x85title: b\nkind: x\n",
    "form_feed": "dsl: 1\nid: a\x0cb\n",
    "key_is_list": "[a, b]: c\n",
    "key_is_mapping": "? {a: b}\n: c\n",
    "merge": "<<: {dsl: 1}\nid: x\n",
    "huge_number": f"dsl: 1\nlongest: {{turns: {'9' * 6000}, time: {'9' * 6000}s, then: x}}\n",
    "nulls": "dsl:\nid: ~\nsteps: {a: , b: ~}\n",
    "lists_for_all": LISTS,
    "steps_of_lists": SCRIPT.split("steps:")[0] + ODD_STEPS,
    "nested_say": SCRIPT.replace("say: 好的，您看什么时候方便？", "say: {first: {first: {first: x}}}"),
    "many_steps": SCRIPT + "".join(f"  x{at}: {{then: x{at + 1}}}\n" for at in range(4_000)),
    "many_findings": SCRIPT + "".join(f"  X{at}: {{the: x}}\n" for at in range(2_500)),
    "wide_check": SCRIPT + WIDE,
    "many_choices": SCRIPT.replace("你", "(a|b)" * 12),
}


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / f"{name}.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_hostile_files_cost_little(tmp_path: Path) -> None:
    noise = random.Random(7)
    files = [write(tmp_path, name, content) for name, content in HOSTILE.items()]
    files.append(write(tmp_path, "utf16", SCRIPT.encode("utf-16")))
    files.append(write(tmp_path, "gb18030", SCRIPT.encode("gb18030")))
    files.append(write(tmp_path, "noise", noise.randbytes(200_000)))
    files.append(write(tmp_path, "printable", "".join(noise.choices(string.printable, k=200_000))))
    command = [
        sys.executable,
        str(Path(__file__).with_name("loader_measured.py")),
        str(ROOT / "ivr_flows/hotline.yaml"),
    ]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    report = json.loads(done.stdout)
    assert {one["name"]: one["seconds"] for one in report if one["seconds"] > 2} == {}
    assert {one["name"]: one["megabytes"] for one in report if one["megabytes"] > 200} == {}
    assert [one["name"] for one in report if not one["places"]] == []
    assert [one for one in report for _, line, column in one["places"] if line < 1 or column < 1] == []


@cache
def library() -> Library:
    return load(ROOT / "scripts_dsl")


def lint_text(text: str) -> None:
    """All that happens to a text that somebody saved; the findings can be shown."""
    document = source.parse(Path("made.yaml"), text)
    check_yaml(document) or check_shape(document, CaseFile)
    for found in lint.check_document(document, library()).findings:
        assert found.place.line >= 1
        assert found.place.column >= 1
        assert render([found])


PIECES = st.sampled_from(
    [
        *[
            "{",
            "}",
            "[",
            "]",
            "'",
            '"',
            "#",
            "~",
            "%",
            "@",
            ">",
            "3",
            "-1",
            "{name}",
            "&a",
            "*a",
            "!!x",
            "NaN",
            "😀",
            "check:",
            "call:",
            "exit:",
            "at_most:0",
            "999999999999d",
        ],
        *(
            ": ",
            ", ",
            "- ",
            "\n",
            "  ",
            "\t",
            "|\n",
            "---\n",
            "\u2028",
            "\x85",
            "\ufeff",
            "\x00",
            "then: ",
            "to: greet",
        ),
        *("answers: ", "check: due", "call: x", "exit: y", "rows: [{}]", "say: {first: x}", "faq: [x]"),
        *("audio: ../../../etc/passwd", "at_most: 0", "else: greet"),
    ]
)


@settings(max_examples=50)
@given(text=st.sampled_from([SCRIPT, HOTLINE, COMMON]), data=st.data())
def test_a_script_damaged_anywhere_is_reported(text: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        until = data.draw(st.integers(at, min(len(text), at + 30)))
        text = text[:at] + data.draw(PIECES) + text[until:]
    lint_text(text)


WORDS = st.text(max_size=8) | st.sampled_from(["greet", "{due}", "5s", "due", "off"])
VALUES: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "to", "then", "first", "is", "from", "else"]), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        "say",
        "audio",
        "barge_in",
        "answers",
        "keys",
        "ask",
        "do",
        "results",
        "check",
        "rows",
        "otherwise",
        "call",
        "exits",
        "exit",
        "then",
        "transfer",
        "end",
        "silence",
        "unclear",
        "anytime",
        "missing",
        "read_back",
    ]
)
TOPS = st.sampled_from(
    ["use", "inputs", "hours", "defaults", "faq", "on_machine", "longest", "hangup", "start", "steps", "id"]
)


@settings(max_examples=50)
@given(steps=st.dictionaries(KEYS, VALUES, max_size=4), top=st.dictionaries(TOPS, VALUES, max_size=2))
def test_keys_with_any_values_are_reported(steps: dict[str, object], top: dict[str, object]) -> None:
    """JSON is YAML: a step, and keys of the script, with values of any type."""
    added = "".join(f"{key}: {json.dumps(value)}\n" for key, value in top.items())
    kept = "".join(line for line in SCRIPT.splitlines(keepends=True) if line.split(":")[0] not in top)
    lint_text(added + kept.replace("steps:\n", f"steps:\n  odd: {json.dumps(steps)}\n", 1))


@settings(max_examples=50)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_reported(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("fuzz", numbered=True) / "made.yaml"
    path.write_bytes(content)
    found = lint.check(path, library()).findings
    assert found
    assert render(found)
