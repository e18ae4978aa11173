"""Simulated customers that do not start leave no process behind."""

import os
import sys
from pathlib import Path

import pytest

from callbot.errors import TelephonyError
from callbot.simulate.crowd import crowd

pytestmark = pytest.mark.contract


async def test_one_that_says_nonsense_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\necho $$ > "{tmp_path}/pid"\necho nonsense\nexec sleep 60\n')
    python.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(ValueError, match="Expecting value"):
        async with crowd(tmp_path / "customers.yaml", tmp_path, tmp_path / "out", 1):
            raise AssertionError("it did not start")
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


async def test_one_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(TelephonyError, match="文件不存在"):
        async with crowd(tmp_path / "customers.yaml", tmp_path, tmp_path / "out", 1):
            raise AssertionError("it did not start")
