"""The telephony tests once more, on callbot's own build of PJSIP: the same code runs on both."""

import re
import subprocess
import sys

import pytest
from telephony_own_build import MISSING, ROOT, with_own_build

from callbot.telephony import build

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

KINDS = ("test_telephony_*.py", "test_trunk*.py")
SUITE = [
    "tests/contract/test_call_leg.py",
    *sorted(f"tests/e2e/{path.name}" for each in KINDS for path in (ROOT / "tests" / "e2e").glob(each)),
]


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    found = build.installed()
    if found is not None and found.own:
        pytest.skip("this environment has callbot's own build itself: all telephony tests ran on it")
    made = with_own_build(tmp_path_factory.mktemp("pjsua2"))
    if made is None:
        pytest.skip(MISSING)
    return made


def test_it_is_the_one_that_is_loaded(environment: dict[str, str]) -> None:
    asked = "import pjsua2; from callbot.telephony import build; print(pjsua2.__file__, build.installed().own)"
    told = subprocess.run([sys.executable, "-c", asked], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.split() == [f"{environment['PYTHONPATH'].split(':')[0]}/pjsua2.py", "True"]


@pytest.mark.parametrize("module", SUITE)
def test_passes_on_our_own_build(module: str, environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", module]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert re.search(r"\b[1-9]\d* passed", done.stdout), done.stdout[-2000:]
