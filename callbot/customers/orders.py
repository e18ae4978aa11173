"""The shop's orders as far as calls need them, kept in a CSV file."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from callbot.errors import SettingsError
from callbot.language import Text

_PAID: dict[str, Literal["paid", "unpaid"]] = {"paid": "paid", "unpaid": "unpaid"}


class CsvOrders:
    """``ports.OrderSystem`` over a CSV file with the columns ``order_no``, ``status`` and ``delivery``.

    ``status`` is paid or unpaid. ``delivery`` is what callers are told of the order, in words to be spoken; only
    ``order_status`` needs it. The file is read again at every question: another program may write it, and it is small.
    UTF-8, BOM or not.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def payment_status(self, order_no: str) -> Literal["paid", "unpaid"]:
        """Whether the order is paid. ``KeyError``: no such order. ``SettingsError``: the file cannot be used."""
        rows = self._read("status")
        if any(word.lower() not in _PAID for word in rows.values()):
            raise self._unusable("status")
        return _PAID[rows[order_no].lower()]

    def order_status(self, order_no: str) -> str:
        """How the order stands. ``KeyError``: no such order. ``SettingsError``: the file cannot be used."""
        return self._read("delivery")[order_no]

    def order_statuses(self) -> Sequence[str]:
        """All that callers can be told now. ``SettingsError``: the file cannot be used."""
        return tuple(dict.fromkeys(self._read("delivery").values()))

    def _read(self, column: str) -> dict[str, str]:
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                rows = csv.reader(file)
                header = next(rows, [])
                number, content = header.index("order_no"), header.index(column)
                found = {row[number].strip(): row[content].strip() for row in rows if row}
        except (OSError, ValueError, IndexError, csv.Error):
            raise self._unusable(column) from None
        if not all(found.values()):
            raise self._unusable(column)
        return found

    def _unusable(self, column: str) -> SettingsError:
        return SettingsError(
            Text(
                f"订单文件 {self._path} 不可用。它须是 UTF-8 的 CSV，含 order_no 和 {column} 两列，每行都要填"
                "（status 填 paid 或 unpaid，delivery 填要对来电人说的话）。",
                f"The order file {self._path} cannot be used. It must be a UTF-8 CSV with the columns order_no and "
                f"{column}, filled in every row (status: paid or unpaid; delivery: what callers are told).",
            )
        )
