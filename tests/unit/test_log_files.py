"""Logs that grow while their process goes on writing."""

import subprocess
import sys
from pathlib import Path

import pytest

from callbot.processes.log_files import trim

pytestmark = pytest.mark.unit

WRITER = """
import sys
for line in sys.stdin:
    sys.stderr.write(line)
    sys.stderr.flush()
    print(flush=True)
"""


def test_a_process_goes_on_in_the_emptied_file(tmp_path: Path) -> None:
    path = tmp_path / "line-1.log"
    with (
        path.open("ab") as out,
        subprocess.Popen(
            [sys.executable, "-c", WRITER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out, text=True
        ) as writer,
    ):
        assert writer.stdin is not None
        assert writer.stdout is not None
        for line in ("first\n", "second\n"):
            writer.stdin.write(line)
            writer.stdin.flush()
            writer.stdout.readline()
            trim(path, limit=4)
        writer.communicate("third\n")
    assert path.read_text() == "third\n"
    assert (tmp_path / "line-1.log.1").read_text() == "second\n"


def test_a_small_file_and_none_at_all_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "line-1.log"
    trim(path, limit=4)
    path.write_text("abcd")
    trim(path, limit=4)
    assert [each.name for each in tmp_path.iterdir()] == ["line-1.log"]
