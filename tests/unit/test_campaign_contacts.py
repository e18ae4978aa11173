"""Contact lists: every bad cell gets a place, a reason and a repair; whole files that cannot be used get a sentence."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbot.campaign.contacts import ListReport, Problem, check, read_list
from callbot.campaign.phones import read_phone
from callbot.errors import ContactListError
from callbot.language import Text
from callbot.script.inputs import InputProblem

pytestmark = pytest.mark.unit

INPUTS = {"name": "客户称呼", "due": "尾款金额"}
GOOD = "phone,name,due\n13800000001,王女士,128.50\n13800000002,李先生,2399\n"


def parse(name: str, raw: str) -> str:
    if not raw.strip():
        raise InputProblem(Text("空的", "empty"), Text("填上", "fill in"))
    if name == "due" and not raw.replace(".", "").isdecimal():
        raise InputProblem(Text("不是金额", "no amount"), Text("写数字", "write a number"))
    return raw.strip()


def checked(tmp_path: Path, content: str | bytes, inputs: dict[str, str] | None = None) -> ListReport:
    path = tmp_path / "list.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return check(read_list(path), INPUTS if inputs is None else inputs, parse)


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        *((f"1380000000{n}", f"1380000000{n}") for n in range(1, 7)),
        ("1.3800000001E+10", "13800000001"),
        ("13800000001.0", "13800000001"),
        ("'13800000001", "13800000001"),
        ("+86 138 0000 0001", "13800000001"),
        ("0086-138-0000-0001", "13800000001"),
        ("8613800000001", "13800000001"),
        ("１３８０００００００１", "13800000001"),
        ("138\u200b00000001 ", "13800000001"),
        ("138–0000–0001", "13800000001"),
        ("010-62345678", "01062345678"),
        ("（0571）87654321", "057187654321"),
        ("400 800 1234", "4008001234"),
        ("+1 415-555-2671", "+14155552671"),
    ],
)
def test_numbers_as_people_write_them(raw: str, number: str) -> None:
    assert read_phone(raw).number == number


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("", "没有电话号码"),
        ("1.38E+10", "科学计数法"),
        ("1.38000E+10", "科学计数法"),
        ("13800000001转12", "分机"),
        ("010-62345678-801", "分机"),
        ("010-62345678 ext. 8", "分机"),
        ("62345678", "区号"),
        ("13800000001/13900000001", "多个号码"),
        ("13800000001、13900000001", "多个号码"),
        ("1380000001", "10 位"),
        ("138000000011", "12 位"),
        ("12345678901", "没有这样的号码"),
        ("110", "3 位"),
        ("王女士", "不是电话号码"),
        ("+86", "没有这样的号码"),
    ],
)
def test_numbers_that_cannot_be_dialled(raw: str, reason: str) -> None:
    with pytest.raises(InputProblem) as caught:
        read_phone(raw)
    assert reason in caught.value.reason.zh
    assert caught.value.repair.zh
    assert caught.value.repair.en


@given(st.text(max_size=30))
def test_any_cell_is_a_number_or_a_problem(raw: str) -> None:
    try:
        number = read_phone(raw).number
    except InputProblem:
        return
    assert read_phone(number).number == number


# ---------------------------------------------------------------- files


@pytest.mark.parametrize(
    "content",
    [
        GOOD,
        "\ufeff" + GOOD,
        GOOD.encode("gb18030"),
        GOOD.replace(",", "\t").encode("utf-16"),
        GOOD.replace(",", ";"),
        GOOD.replace(",", "|"),
        GOOD.replace("\n", "\r\n"),
        "\n" + GOOD + "\n,,\n\n",
        GOOD.replace("phone,name,due", "手机号,客户称呼,尾款金额"),
        GOOD.replace("phone,name,due", " Phone , 姓名与客户称呼,due").replace("姓名与客户称呼", "＊客户称呼"),
    ],
    ids=["utf-8", "mark", "gb18030", "utf-16 tabs", "semicolons", "bars", "crlf", "blank lines", "labels", "sloppy"],
)
def test_files_as_people_save_them(tmp_path: Path, content: str | bytes) -> None:
    report = checked(tmp_path, content)
    assert report.problems == ()
    assert [(one.phone.number, dict(one.inputs)) for one in report.good] == [
        ("13800000001", {"name": "王女士", "due": "128.50"}),
        ("13800000002", {"name": "李先生", "due": "2399"}),
    ]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "是空的"),
        ("\n\n", "是空的"),
        ("phone,name,due\n", "没有联系人"),
        (b"PK\x03\x04abc", "Excel 工作簿"),
        (b"\xd0\xcf\x11\xe0abc", "Excel 工作簿"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xff", "不是文本文件"),
        (b"\x00\x01\x02", "不是文本文件"),
        ('phone,name,due\n13800000001,"王,1\n', "引号"),
        ("phone,due\n13800000001,1\n", "name（客户称呼）"),
        ("name,due\n王,1\n", "phone（手机号）"),
        ("phone,name,客户称呼,due\n13800000001,王,王,1\n", "多列"),
        ("手机号,联系电话,name,due\n13800000001,1,王,1\n", "多列"),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, content: str | bytes, says: str) -> None:
    with pytest.raises(ContactListError) as caught:
        checked(tmp_path, content)
    assert says in str(caught.value)
    assert caught.value.text.en


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(ContactListError, match="打不开"):
            read_list(path)


# ---------------------------------------------------------------- rows


def test_every_problem_has_its_place_and_good_rows_stand_beside(tmp_path: Path) -> None:
    report = checked(
        tmp_path,
        "手机,name,尾款金额\n"
        "13800000001,王女士,128.50\n"
        "1.38E+10,,abc\n"
        "\n"
        "+86 13800000001,张,5\n"
        "13800000002,李\n"
        "13800000003,赵,5,多出来\n"
        "13800000004,钱,7\n",
    )
    assert [(one.row, one.column) for one in report.problems] == [
        (3, "手机"),
        (3, "name"),
        (3, "尾款金额"),
        (5, "手机"),
        (6, "尾款金额"),
        (7, ""),
    ]
    assert "第 2 行" in report.problems[3].reason.zh
    assert [one.key for one in report.good] == ["2", "8"]
    assert report.rows == 6


def test_an_input_may_be_the_phone_column(tmp_path: Path) -> None:
    report = checked(tmp_path, "phone\n13800000001\nabc\n", {"phone": "联系电话"})
    assert [dict(one.inputs) for one in report.good] == [{"phone": "13800000001"}]
    assert [one.row for one in report.problems] == [3]


def test_a_labelled_phone_input_does_not_hide_the_phone_column(tmp_path: Path) -> None:
    report = checked(tmp_path, "手机号,联系电话\n13800000001,02087654321\n", {"office": "联系电话"})
    assert [(one.phone.number, dict(one.inputs)) for one in report.good] == [("13800000001", {"office": "02087654321"})]


def test_progress_is_told_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(GOOD, "utf-8")
    heard: list[int] = []
    check(read_list(path), INPUTS, parse, heard.append)
    assert heard == [1, 2]


@pytest.mark.parametrize(
    ("value", "shown"), [("13800000001", "138******01"), ("2026-13-01", "2026-13-01"), ("王女士", "王女士")]
)
def test_numbers_are_masked_where_problems_are_shown(value: str, shown: str) -> None:
    assert Problem(2, "phone", value, Text("", ""), Text("", "")).shown == shown
