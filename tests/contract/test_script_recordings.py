"""``wav`` turns of script tests go through the real recogniser, from the command line."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from callbot.cli import build
from callbot.settings import Settings

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parents[2]


def test_recordings_answer_the_robot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "scripts_dsl", tmp_path / "scripts_dsl")
    cache = Settings().cache_dir.absolute()
    (tmp_path / "callbot.toml").write_text(f'cache_dir = "{cache}"\n[speech]\nworkers = 1\n', "utf-8")
    sound = ROOT / "audio_fixtures"
    (tmp_path / "scripts_dsl" / "balance_reminder.test.yaml").write_text(
        "script: balance_reminder\n"
        'with: {name: 王女士, order_no: "00731", due: 128.50, deadline: 2026-06-30}\n'
        "cases:\n"
        "  - name: 录音答应付款\n"
        "    turns:\n"
        f"      - {{wav: {sound}/silence.wav, bot: 本人吗}}\n"
        f"      - {{wav: {sound}/yes_me.wav, bot: 尾款}}\n"
        f"      - {{wav: {sound}/paid_already.wav, result: {{payment_status: paid}}, bot: 已查到}}\n"
        "    expect: {outcome: already_paid}\n"
        "  - name: 没有这个录音\n"
        f"    turns: [{{wav: {sound}/nobody.wav}}]\n"
        "    expect: {}\n",
        "utf-8",
    )
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(build(), ["test", "balance_reminder", "--json"])
    good, missing = json.loads(result.stdout)["files"][0]["cases"]
    assert good == {"name": "录音答应付款", "passed": True, "skipped": None, "problems": []}
    assert "nobody.wav" in missing["problems"][0]
