"""One row of docs/figures.md."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One promise and what was measured."""

    what: str
    bound: str
    measured: str
    command: str
