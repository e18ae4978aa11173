"""Contact lists: a file becomes a table, a table becomes contacts and problems. Nothing is stored here.

The file is what people export from Excel, WPS or a shop system: comma, semicolon, tab or bar between cells; UTF-8,
UTF-16 with its mark, or GB18030.
"""

import codecs
import csv
import io
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from callbot.campaign.phones import read_phone
from callbot.errors import ContactListError
from callbot.language import Text
from callbot.script.inputs import InputProblem
from callbot.store.records import NewContact
from callbot.values import Phone

_DELIMITERS = (",", ";", "\t", "|")
_PHONE_NAMES = (
    "phone",
    "手机号码",
    "手机号",
    "手机",
    "电话号码",
    "电话",
    "联系电话",
    "联系方式",
    "mobile",
    "tel",
    "phonenumber",
)
_PHONE = "phone"
_MAX_BYTES = 200_000_000
"""A million rows with twenty columns; anything larger is not a contact list."""
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f]")

Parse = Callable[[str, str], str]
"""From an input's name and a cell to the canonical value; raises ``InputProblem``."""


@dataclass(frozen=True, slots=True)
class Table:
    """The cells of a list. Rows carry the number that a spreadsheet shows; the header is the first."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Problem:
    """One cell that cannot be used: where, what, why, and how to put it right."""

    row: int
    column: str
    value: str
    reason: Text
    repair: Text

    @property
    def shown(self) -> str:
        """The cell as tables may show it: of long numbers only the ends, because they may be telephone numbers."""
        return re.sub(r"(?<=[0-9]{3})[0-9](?=[0-9]{2})", "*", self.value) if len(self.value) > 6 else self.value


@dataclass(frozen=True, slots=True)
class ListReport:
    """What a list is worth: contacts that can be called, problems of the other rows."""

    good: tuple[NewContact, ...]
    problems: tuple[Problem, ...]
    rows: int


def read_list(path: Path) -> Table:
    """Read a list. Errors: ``ContactListError`` when the file cannot be used at all."""
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise _unusable(
            path, f"打不开（{error.strerror}），请检查路径和权限", f"it cannot be opened ({error.strerror})"
        ) from None
    if len(raw) > _MAX_BYTES:
        raise _unusable(path, "太大，不像名单", "it is too large for a contact list")
    records = _records(path, _text(path, raw))
    filled = [(number, cells) for number, cells in enumerate(records, 1) if any(cell.strip() for cell in cells)]
    if not filled:
        raise _unusable(path, "是空的", "it is empty")
    (_, header), *rows = filled
    if not rows:
        raise _unusable(path, "只有表头，没有联系人", "it has a header but no contacts")
    return Table(tuple(header), tuple((number, tuple(cells)) for number, cells in rows))


def check(
    table: Table, inputs: Mapping[str, str], parse: Parse, on_row: Callable[[int], None] = lambda _: None
) -> ListReport:
    """Check every row against a script's ``inputs`` (name to label, which may be empty).

    ``on_row`` hears how many rows are done. Errors: ``ContactListError`` when a column is missing or there twice.
    """
    columns = _find_columns(table.header, inputs)
    good: list[NewContact] = []
    problems: list[Problem] = []
    first_row: dict[str, int] = {}
    for done, (row, cells) in enumerate(table.rows, 1):
        phone, values, found = _check_row(row, cells, columns, parse)
        if phone is not None and (twin := first_row.setdefault(phone.number, row)) != row:
            reason = Text(f"和第 {twin} 行是同一个号码", f"the same number is in row {twin}")
            repair = Text("只留一行，否则同一个人会接到两次电话", "keep one row, or the person is called twice")
            found.append(Problem(row, columns.header[columns.phone], cells[columns.phone], reason, repair))
        if phone is not None and not found:
            good.append(NewContact(str(row), phone, values))
        problems += found
        on_row(done)
    return ListReport(tuple(good), tuple(problems), len(table.rows))


@dataclass(frozen=True, slots=True)
class _Columns:
    header: tuple[str, ...]
    phone: int
    inputs: Mapping[str, int]


def _check_row(
    row: int, cells: tuple[str, ...], columns: _Columns, parse: Parse
) -> tuple[Phone | None, dict[str, str], list[Problem]]:
    if any(cell.strip() for cell in cells[len(columns.header) :]):
        reason = Text("这一行的格数比表头多", "the row has more cells than the header")
        repair = Text("内容里的分隔符要用引号括起来", "put cells that contain the separator in quotes")
        return None, {}, [Problem(row, "", cells[-1], reason, repair)]
    cells += ("",) * (len(columns.header) - len(cells))
    problems: list[Problem] = []
    phone: Phone | None = None
    values: dict[str, str] = {}
    try:
        phone = read_phone(cells[columns.phone])
    except InputProblem as error:
        problems.append(_problem_at(row, columns.phone, cells, columns, error))
    for name, index in columns.inputs.items():
        try:
            values[name] = parse(name, cells[index])
        except InputProblem as error:
            if index != columns.phone:  # an input may share the phone column; its problem was told above
                problems.append(_problem_at(row, index, cells, columns, error))
    return phone, values, problems


def _problem_at(row: int, index: int, cells: tuple[str, ...], columns: _Columns, error: InputProblem) -> Problem:
    return Problem(row, columns.header[index], cells[index], error.reason, error.repair)


def _find_columns(header: tuple[str, ...], inputs: Mapping[str, str]) -> _Columns:
    names = [_plain(name) for name in header]
    found = {name: _one(names, header, (name, label)) for name, label in inputs.items()}
    taken = {index for name, index in found.items() if name != _PHONE}
    phone = _one(names, header, (_PHONE,))
    if phone is None:
        phone = _one([name if index not in taken else "" for index, name in enumerate(names)], header, _PHONE_NAMES)
    missing = [f"{name}（{label}）" if label else name for name, label in inputs.items() if found[name] is None]
    if phone is None:
        missing.insert(0, "phone（手机号）")
    if missing or phone is None:
        wanted, there = "、".join(missing), "、".join(name.strip() for name in header)
        raise ContactListError(
            Text(
                f"名单缺少这些列：{wanted}。现有的列：{there}。请在表头补上或改名后再导入。",
                f"The list lacks these columns: {wanted}. It has: {there}. Add or rename them in the header.",
            )
        )
    return _Columns(
        tuple(name.strip() for name in header),
        phone,
        {name: index for name, index in found.items() if index is not None},
    )


def _one(names: list[str], header: tuple[str, ...], wanted: tuple[str, ...]) -> int | None:
    """The place of the one column with any of these names."""
    plain = {_plain(name) for name in wanted if name}
    places = [index for index, name in enumerate(names) if name in plain]
    if len(places) > 1:
        twice = "、".join(header[index].strip() for index in places)
        raise ContactListError(
            Text(
                f"名单里有多列表示同一内容：{twice}。请只留一列，或给其他列改名。",
                f"Several columns of the list mean the same: {twice}. Keep one or rename the others.",
            )
        )
    return places[0] if places else None


def _plain(name: str) -> str:
    return re.sub(r"[\s_*:]", "", unicodedata.normalize("NFKC", name)).casefold()


def _text(path: Path, raw: bytes) -> str:
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise _unusable(
            path, "是 Excel 工作簿，请另存为“CSV UTF-8”再导入", "it is an Excel workbook; save it as CSV UTF-8 first"
        )
    utf16 = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _CONTROL.search(text):
            return text
    raise _unusable(path, "不是文本文件，请另存为“CSV UTF-8”再导入", "it is not a text file; save it as CSV UTF-8")


def _records(path: Path, text: str) -> list[list[str]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        return list(reader)
    except csv.Error:
        line = reader.line_num
        raise _unusable(
            path, f"第 {line} 行附近的引号不成对，请改正后再导入", f"quotation marks do not match near line {line}"
        ) from None


def _unusable(path: Path, zh: str, en: str) -> ContactListError:
    return ContactListError(Text(f"名单 {path} 不能使用：{zh}。", f"The list {path} cannot be used: {en}."))
