"""callbot's own build of PJSIP beside the packaged one: unpacked, for processes of tests and bench to import first."""

import os
import sys
import zipfile
from pathlib import Path

from callbot.telephony import build

ROOT = Path(__file__).parents[2]
CACHE = ROOT / "var" / "cache" / "pjsua2"
MISSING = "callbot's own build of PJSIP is not here: make pjsua2 makes it, or says why it cannot"


def own_wheel() -> Path | None:
    """The newest wheel that ``deploy/pjsua2.sh`` made for this Python."""
    python = f"cp{sys.version_info[0]}{sys.version_info[1]}"
    wheels = CACHE.glob(f"pjsua2_python-*+callbot.*-{python}-*.whl")
    return max(wheels, key=lambda path: path.stat().st_mtime, default=None)


def with_own_build(folder: Path) -> dict[str, str] | None:
    """The environment of a process whose pjsua2 is our own build, unpacked in ``folder``; None without a wheel."""
    environment = dict(os.environ)
    places = [str(ROOT), *filter(None, [environment.get("PYTHONPATH")])]
    found = build.installed()
    if found is None or not found.own:
        wheel = own_wheel()
        if wheel is None:
            return None
        zipfile.ZipFile(wheel).extractall(folder)
        places.insert(0, str(folder))
    return {**environment, "PYTHONPATH": os.pathsep.join(places)}
