"""The shop's tables as far as calls need them, kept in CSV files."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from callbot.errors import SettingsError
from callbot.language import Text
from callbot.script.inputs import InputProblem, parse_input
from callbot.script.model import InputSpec

PAID = ("paid", "unpaid")
"""The words of the column ``status``."""
STAGES = ("preparing", "shipped", "delivered", "cancelled")
"""The words of the column ``stage``, in the order in which an order passes them."""
_WORDS = {"status": PAID, "stage": STAGES}

Order = Mapping[str, str]
"""One row: the columns that were asked for, by name, each filled."""


class CsvTable:
    """A CSV file with ``key`` as one of its columns.

    It is read again at every question: another program may write it, and it is small. UTF-8, BOM or not. ``setting`` is
    the key of callbot.toml that named it.
    """

    def __init__(self, path: Path, key: str, setting: str) -> None:
        self._path = path
        self._key = key
        self._setting = setting

    def rows(self, *columns: str) -> dict[str, Order]:
        """These columns of every row, by the key. ``SettingsError``: the file cannot be used for them."""
        wanted = (self._key, *columns)
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                table = csv.reader(file)
                header = next(table, [])
                places = [header.index(column) for column in wanted]
                rows = [[row[place].strip() for place in places] for row in table if row]
        except (OSError, ValueError, IndexError, csv.Error):
            raise self._unusable(wanted) from None
        found: dict[str, Order] = {row[0]: _row(wanted, row) for row in rows}
        if not all(_usable(column, cell) for row in found.values() for column, cell in row.items()):
            raise self._unusable(wanted)
        return found

    def _unusable(self, wanted: Sequence[str]) -> SettingsError:
        words = "；".join(f"{name} 填 {'、'.join(_WORDS[name])}" for name in wanted if name in _WORDS)
        words_en = "; ".join(f"{name}: {', '.join(_WORDS[name])}" for name in wanted if name in _WORDS)
        return SettingsError(
            Text(
                f"{self._setting} 指定的表 {self._path} 不可用。它须是 UTF-8 的 CSV，含 {'、'.join(wanted)} 这几列，"
                f"每行都要填{f'（{words}）' if words else ''}。",
                f"The table {self._path} of {self._setting} cannot be used. It must be a UTF-8 CSV with the columns "
                f"{', '.join(wanted)}, filled in every row{f' ({words_en})' if words else ''}.",
            )
        )


def orders_of(table: CsvTable, phone: str, *columns: str) -> list[Order]:
    """The orders of whoever has this number, newest first; none for a number that is none.

    Errors: ``SettingsError`` as in ``CsvTable.rows``.
    """
    wanted = plain_phone(phone)
    rows = table.rows("phone", "ordered_on", *columns).values()
    own = [row for row in rows if wanted and plain_phone(row["phone"]) == wanted]
    return sorted(own, key=lambda row: row["ordered_on"], reverse=True)


def plain_phone(raw: str) -> str:
    """A number as tables and networks write it alike; "" for what is none, such as a withheld caller."""
    try:
        return parse_input(InputSpec(type="phone"), raw)
    except InputProblem:
        return ""


def _row(columns: Sequence[str], cells: Sequence[str]) -> Order:
    named = zip(columns, cells, strict=True)
    return {column: cell.lower() if column in _WORDS else cell for column, cell in named}


def _usable(column: str, cell: str) -> bool:
    return cell in _WORDS[column] if column in _WORDS else bool(cell)
