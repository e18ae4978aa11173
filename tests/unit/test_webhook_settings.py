"""``[webhooks.NAME]``: where tokens and secrets come from, which addresses are none, and what lint says of others."""

import base64
from pathlib import Path

import pytest
from script_workshop import OPENING, Workshop, workshop

from callbot import app, settings
from callbot.errors import SettingsError
from callbot.followup.webhook import Target, Webhooks
from callbot.script import lint
from callbot.script.findings import Finding
from callbot.settings import Settings

pytestmark = pytest.mark.unit

SECRET = base64.b64encode(b"a key of twenty-four bytes").decode()


def loaded(folder: Path, text: str) -> Settings:
    path = folder / "callbot.toml"
    path.write_text(text, "utf-8")
    return settings.load(path)


def targets(made: Webhooks) -> dict[str, Target]:
    made.close()
    return dict(made._targets)


def test_tokens_and_secrets_from_the_environment_and_from_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_TOKEN", "t1")
    monkeypatch.setenv("CRM_SECRET", f"whsec_{SECRET}")
    (tmp_path / "token").write_text("t2\n", "utf-8")
    (tmp_path / "secret").write_text(f"{SECRET}\n", "utf-8")
    made = loaded(
        tmp_path,
        '[webhooks.crm]\nurl = "https://crm.example.com/calls?shop=1"\n'
        'token_env = "CRM_TOKEN"\nsecret_env = "CRM_SECRET"\n'
        '[webhooks.wms]\nurl = "http://127.0.0.1:8080"\ntoken_file = "token"\nsecret_file = "secret"\ntimeout_s = 3\n'
        '[webhooks.plain]\nurl = "http://[::1]:8080/x"\n',
    )
    key = b"a key of twenty-four bytes"
    assert targets(app.webhooks(made)) == {
        "crm": Target("https://crm.example.com/calls?shop=1", 10, "t1", key),
        "wms": Target("http://127.0.0.1:8080", 3, "t2", key),
        "plain": Target("http://[::1]:8080/x", 10),
    }


@pytest.mark.parametrize(
    "line",
    [
        'token_env = "NOT_SET"',
        'token_file = "gone"',
        'token_file = "empty"',
        'secret_file = "short"',
        'secret_file = "words"',
        'secret_file = "prefix"',
    ],
)
def test_what_cannot_be_read_is_a_sentence_without_secrets(tmp_path: Path, line: str) -> None:
    for name, text in (("empty", "\n"), ("short", "c2hvcnQ=\n"), ("words", "a key, no base64\n"), ("prefix", "whsec_")):
        (tmp_path / name).write_text(text, "utf-8")
    made = loaded(tmp_path, f'[webhooks.crm]\nurl = "http://127.0.0.1"\n{line}\n')
    with pytest.raises(SettingsError) as caught:
        app.webhooks(made)
    for told in (caught.value.text.zh, caught.value.text.en):
        assert "crm" in told
        assert "c2hvcnQ" not in told
        assert "no base64" not in told


@pytest.mark.parametrize(
    "url",
    [
        "ftp://crm.example.com/",
        "file:///etc/passwd",
        "crm.example.com",
        "https://",
        "https://user:word@crm.example.com/",
        "https://crm.example.com:99999/",
        "https://[::1/",
        "https://crm.example.com/ x",
        "https://crm.example.com/#x",
    ],
)
def test_only_addresses_of_http_are_taken(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match=r"webhooks\.crm\.url"):
        loaded(tmp_path, f'[webhooks.crm]\nurl = "{url}"\n')


# ---------------------------------------------------------------- what lint says


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    return workshop(tmp_path)


def warned(shop: Workshop, known: frozenset[str] | None, written: str = "webhook: cmr") -> list[Finding]:
    path = shop.script(f"greet:\n  say: {OPENING}再见。\n  end: {{outcome: done, {written}}}\n")
    return [each for each in lint.check(path, webhooks=known).findings if each.code == "S234"]


@pytest.mark.parametrize("written", ["webhook: cmr", "webhook: {name: cmr}"])
def test_a_webhook_that_the_settings_do_not_have_is_a_warning_with_the_closest(shop: Workshop, written: str) -> None:
    (found,) = warned(shop, frozenset({"crm", "wms"}), written)
    assert (found.severity, found.fragment[found.place.column - 1 :][:3]) == ("warning", "cmr")
    assert found.hint is not None
    assert "crm" in found.hint.zh
    assert "wms" not in found.hint.zh


def test_known_webhooks_and_unknown_settings_are_no_finding(shop: Workshop) -> None:
    assert warned(shop, frozenset({"cmr"})) == []
    assert warned(shop, None) == []


def test_no_webhooks_at_all_is_a_warning_too(shop: Workshop) -> None:
    (found,) = warned(shop, frozenset())
    assert found.hint is None
