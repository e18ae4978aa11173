"""The shop's orders as far as calls need them, kept in a CSV file."""

import csv
from pathlib import Path
from typing import Literal

from callbot.errors import SettingsError
from callbot.language import Text

_PAID: dict[str, Literal["paid", "unpaid"]] = {"paid": "paid", "unpaid": "unpaid"}


class CsvOrders:
    """``ports.OrderSystem`` over a CSV file with the columns ``order_no`` and ``status`` (paid or unpaid).

    The file is read again at every question: another program may write it, and it is small. UTF-8, BOM or not.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def payment_status(self, order_no: str) -> Literal["paid", "unpaid"]:
        """Whether the order is paid. ``KeyError``: no such order. ``SettingsError``: the file cannot be used."""
        return self._read()[order_no]

    def _read(self) -> dict[str, Literal["paid", "unpaid"]]:
        try:
            with self._path.open(encoding="utf-8-sig", newline="") as file:
                rows = csv.reader(file)
                header = next(rows, [])
                number, status = header.index("order_no"), header.index("status")
                return {row[number].strip(): _PAID[row[status].strip().lower()] for row in rows if row}
        except (OSError, ValueError, KeyError, IndexError, csv.Error):
            raise SettingsError(
                Text(
                    f"订单文件 {self._path} 不可用。它须是 UTF-8 的 CSV，含 order_no 和 status（paid 或 unpaid）两列。",
                    f"The order file {self._path} cannot be used. It must be a UTF-8 CSV with the columns order_no and "
                    "status (paid or unpaid).",
                )
            ) from None
