"""Which build of PJSIP is installed; asked of its metadata, so that nobody has to load it."""

from dataclasses import dataclass
from importlib import metadata

PACKAGE = "pjsua2-python"
_OWN = "+callbot."
"""In the version of the wheel that ``make pjsua2`` builds (deploy/pjsua2.sh)."""


@dataclass(frozen=True, slots=True)
class Build:
    """``version`` of PJSIP, and whether it is callbot's own build."""

    version: str
    own: bool


def installed() -> Build | None:
    """The build that ``import pjsua2`` loads, or None without any."""
    try:
        version = metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return None
    return Build(version.partition("+")[0], _OWN in version)
