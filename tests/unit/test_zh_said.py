"""What people say on the telephone, by type: phrase → value, and what must not be taken for one."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callbot.zh import addresses, amounts, choices, codes, names, times
from callbot.zh.choices import Item
from callbot.zh.found import Found, standing

pytestmark = pytest.mark.unit

NOW = datetime(2026, 6, 1, 10, 7, tzinfo=ZoneInfo("Asia/Shanghai"))  # a Monday
ITEMS = (
    Item("20731", "蓝牙耳机", "2026-05-30", "128.50"),
    Item("20688", "保温杯", "2026-05-12", "59.00"),
    Item("19990", "蓝牙音箱", "2026-04-02", "299.00"),
)
SIZES = {"large": ("大号", "大的"), "medium": ("中号", "中的"), "small": ("小号", "小的")}
TALK = st.text(
    "零一二两三四五六七八九十百千万幺点半号月日周明后天下上午晚路街楼栋室块毛元王张李不对是的，。0123456789YS ",
    max_size=24,
)


def value(found: Found | None) -> str | None:
    return None if found is None else found.value


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("六零七三一", "60731"),
        ("零零七三幺", "00731"),
        ("00731", "00731"),
        ("订单号是四八二零幺六五", "4820165"),
        ("我的订单是二零七三一啊", "20731"),
        ("二零七，三一", "20731"),
        ("二零七 三一", "20731"),
        ("二零、七三、一", "20731"),
        ("呃二零嗯七三一", "20731"),
        ("二零七三然后是幺五", "207315"),
        ("三个八六六", "88866"),
        ("两个零七三幺", "00731"),
        ("二零七三幺，不对，是二零七三二", "20732"),
        ("不是二零七三幺是二零七三二", "20732"),
        ("二零七三幺说错了二零七三三", "20733"),
        ("２０７３１", "20731"),
        ("洞洞拐三幺", "00731"),
        ("622202-001234", "622202001234"),
        ("六二二二零二零零幺二三四", "622202001234"),
        ("尾号是七三幺", None),
        ("三点", None),
        ("二零二六年", None),
        ("两千零二十六", None),
        ("我不知道", None),
        ("", None),
        ("不对", None),
        ("一百二十八块五", None),
        ("明天下午三点", None),
    ],
)
def test_digits(said: str, wanted: str | None) -> None:
    assert value(codes.digits(said)) == wanted


@pytest.mark.parametrize(
    ("said", "length", "wanted"),
    [
        ("七三幺", (3, 3), "731"),
        ("尾号七三幺", (3, 4), "731"),
        ("二零七三幺", (5, 5), "20731"),
        ("二零七三", (5, 5), None),
        ("二零七三幺五", (5, 5), None),
        ("订单二零七三幺，手机尾号八八", (5, 5), "20731"),
        ("二零七三幺", (4, 6), "20731"),
        ("三个", (1, 2), None),
        ("五", (1, 1), "5"),
        ("五个", (1, 1), None),
        ("第三", (1, 1), "3"),
        ("二零期三幺", (5, 5), "20731"),
        ("二零期酒三", (5, 5), "20793"),
        ("我要二零七三幺", (5, 5), "20731"),
        ("要二零七三", (5, 5), "12073"),
        ("二零七三吧", (5, 5), None),
        ("一共二零七三次", (5, 5), None),
        ("二零七三一号", (5, 5), "20731"),
    ],
)
def test_digits_of_a_length(said: str, length: tuple[int, int], wanted: str | None) -> None:
    assert value(codes.digits(said, length)) == wanted


@pytest.mark.parametrize(
    ("checksum", "number", "fits"),
    [
        ("luhn", "79927398713", True),  # the example of ISO/IEC 7812-1
        ("luhn", "79927398710", False),
        ("luhn", "4111111111111111", True),
        ("luhn", "4111111111111112", False),
        ("mod11_2", "11010519491231002X", True),  # the example of GB 11643-1999
        ("mod11_2", "440524188001010014", True),
        ("mod11_2", "440524188001010015", False),
        ("mod97_10", "794 44".replace(" ", ""), True),  # 79444: the example of ISO/IEC 7064
        ("mod97_10", "79445", False),
        (None, "1", True),
    ],
)
def test_checksums(checksum: codes.Checksum | None, number: str, fits: bool) -> None:
    assert codes.valid(number, checksum) is fits


@given(st.integers(0, 10**15), st.sampled_from(["luhn", "mod11_2", "mod97_10"]), st.data())
def test_one_wrong_digit_never_fits_a_checksum(number: int, checksum: codes.Checksum, data: st.DataObject) -> None:
    endings = [f"{end:02}" for end in range(100)]
    whole = next(f"{number}{end}" for end in endings if codes.valid(f"{number}{end}", checksum))
    at = data.draw(st.integers(0, len(whole) - 1))
    wrong = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != whole[at]]))
    assert not codes.valid(whole[:at] + wrong + whole[at + 1 :], checksum)


def test_an_id_number_may_end_with_x() -> None:
    said = "一一零一零五一九四九一二三一零零二叉"
    assert value(codes.digits(said, (18, 18), "mod11_2")) == "11010519491231002X"
    assert codes.digits(said.replace("叉", "五"), (18, 18), "mod11_2") is None


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("幺三八零零幺三八零零零", "13800138000"),
        ("138 0013 8000", "13800138000"),
        ("要三八零零要三八零零零", "13800138000"),
        ("腰三八灵灵幺三八零零零", "13800138000"),
        ("我要转人工", None),
        ("你打要三八那个", None),
        ("一三八，零零一三，八零零零", "13800138000"),
        ("我的电话是13800138000", "13800138000"),
        ("加八六幺三八零零幺三八零零零", "13800138000"),
        ("+86 13800138000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("幺八六，三个八，五个六", "18688866666"),
        ("幺八六三个八五个六", "18688866666"),
        ("零五七一八八八八六六六六", "057188886666"),
        ("010-62345678", "01062345678"),
        ("四零零八二零八八二零", "4008208820"),
        ("幺三八零零幺三八零零零，不对，是幺三九零零幺三八零零零", "13900138000"),
        ("不是幺三八零零幺三八零零零，是幺三九零零幺三八零零零", "13900138000"),
        ("幺三八零零幺三八零零", None),
        ("幺三八零零幺三八零零零五", None),
        ("幺二八零零幺三八零零零", None),
        ("二零七三幺", None),
        ("就是这个号", None),
        ("打我老公的电话", None),
    ],
)
def test_phones(said: str, wanted: str | None) -> None:
    assert value(codes.phone(said)) == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("YS20731", "YS20731"),
        ("ys杠20731", "YS20731"),
        ("Y S 二零七三幺", "YS20731"),
        ("订单号YS-2026-0731", "YS20260731"),
        ("大写的A二零七三幺", "A20731"),
        ("诶二零七三幺", "A20731"),
        ("歪艾斯二零七三幺", "YS20731"),
        ("字母B，一二三四", "B1234"),
        ("二零七三幺B", "20731B"),
        ("NO.20731", "20731"),
        ("ok 二零七三幺", "20731"),
        ("二零七三幺", "20731"),
        ("A20731，不对，是B20731", "B20731"),
        ("ABCDE", None),
        ("没有订单号", None),
        ("三点半", None),
        ("你好", None),
        ("VIP", None),
    ],
)
def test_order_numbers(said: str, wanted: str | None) -> None:
    assert value(codes.order_number(said)) == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("一百二十八块五", "128.50"),
        ("一百二十八块五毛", "128.50"),
        ("一百二十八元五角六分", "128.56"),
        ("128.5元", "128.50"),
        ("¥128.5", "128.50"),
        ("1,280元", "1280.00"),
        ("三百五", "350.00"),
        ("三百五十块", "350.00"),
        ("一万二", "12000.00"),
        ("1万2", "12000.00"),
        ("1.5万元", "15000.00"),
        ("两千块", "2000.00"),
        ("两千零五十块钱", "2050.00"),
        ("五毛", "0.50"),
        ("八毛五", "0.85"),
        ("五分钱", "0.05"),
        ("三块二毛五", "3.25"),
        ("一点五块", "1.50"),
        ("一百块零五分", "100.05"),
        ("十块钱", "10.00"),
        ("大概三百左右", "300.00"),
        ("三百块，不对，是五百块", "500.00"),
        ("不是三百是五百块", "500.00"),
        ("128", "128.00"),
        ("二百五十块整", "250.00"),
        ("两三百块", None),
        ("块八毛", None),
        ("三百来块", None),
        ("五百多块", None),
        ("八折", None),
        ("半价", None),
        ("还差一百", "100.00"),
        ("九十九块九毛九", "99.99"),
        ("两毛五", "0.25"),
        ("二十三号", None),
        ("十几块", None),
        ("一百多", None),
        ("没钱", None),
        ("三点", None),
        ("三个", None),
        ("十五号", None),
        ("第二百", None),
        ("太贵了", None),
        ("一亿块", None),
    ],
)
def test_money(said: str, wanted: str | None) -> None:
    assert value(amounts.bare_money(said)) == wanted


@pytest.mark.parametrize("said", ["三百五", "128", "一万二"])
def test_a_bare_number_is_money_only_where_nothing_else_is_asked(said: str) -> None:
    assert amounts.money(said) is None


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("今天", "2026-06-01"),
        ("明天", "2026-06-02"),
        ("后天上午", "2026-06-03"),
        ("大后天", "2026-06-04"),
        ("下周三", "2026-06-10"),
        ("这周五", "2026-06-05"),
        ("周五", "2026-06-05"),
        ("礼拜天", "2026-06-07"),
        ("下下周一", "2026-06-15"),
        ("周末", "2026-06-06"),
        ("下周末", "2026-06-13"),
        ("月底", "2026-06-30"),
        ("这个月底", "2026-06-30"),
        ("下个月底", "2026-07-31"),
        ("十五号", "2026-06-15"),
        ("15号", "2026-06-15"),
        ("三月五号", "2027-03-05"),
        ("三月五号晚上八点", "2027-03-05"),
        ("六月三十号", "2026-06-30"),
        ("下个月五号", "2026-07-05"),
        ("明年三月五号", "2027-03-05"),
        ("二零二六年六月三十号", "2026-06-30"),
        ("2026-06-30", "2026-06-30"),
        ("国庆节", "2026-10-01"),
        ("元旦", "2027-01-01"),
        ("三天后", "2026-06-04"),
        ("过两天", "2026-06-03"),
        ("一个星期以后", "2026-06-08"),
        ("明天，不对，后天", "2026-06-03"),
        ("不是明天是后天", "2026-06-03"),
        ("名天下午", "2026-06-02"),
        ("昨天", None),
        ("三点", None),
        ("下午", None),
        ("八号楼", None),
        ("六月十八", "2026-06-18"),
        ("6月18", "2026-06-18"),
        ("明儿下午", "2026-06-02"),
        ("不要明天", None),
        ("除了周三", None),
        ("不要明天，后天吧", "2026-06-03"),
        ("中秋", None),
        ("下个月", None),
        ("人民路八号", None),
        ("三十二号", None),
        ("二月三十号", None),
        ("随便哪天", None),
        ("尽快", None),
        ("两个小时以后", None),
    ],
)
def test_days(said: str, wanted: str | None) -> None:
    assert value(times.day(said, NOW)) == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("下午三点半", "15:30"),
        ("三点半", "15:30"),
        ("十点", "10:00"),
        ("晚上八点", "20:00"),
        ("早上七点", "07:00"),
        ("中午十二点", "12:00"),
        ("十五点二十", "15:20"),
        ("15:30", "15:30"),
        ("差五分三点", "14:55"),
        ("差一刻三点", "14:45"),
        ("五点一刻", "17:15"),
        ("三点四十五分", "15:45"),
        ("明天下午四点", "16:00"),
        ("三点，不对，四点", "16:00"),
        ("不是三点是四点", "16:00"),
        ("上午九点，不对，是下午四点", "16:00"),
        ("下午三点，不对，四点", "16:00"),
        ("下午", None),
        ("二十五点", None),
        ("零点", "00:00"),
        ("晚上十二点", "00:00"),
        ("凌晨一点", "01:00"),
        ("三点零五", "15:05"),
        ("五点三刻", "17:45"),
        ("下午一点到三点", "13:00"),
        ("三点六十分", None),
        ("晚点", None),
        ("一点都不想", None),
        ("慢一点", None),
        ("晚一点再打", None),
        ("中午一点", "13:00"),
        ("三号", None),
        ("都行", None),
    ],
)
def test_times_of_day(said: str, wanted: str | None) -> None:
    assert value(times.clock(said, NOW)) == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("明天下午三点半", "06-02 15:30"),
        ("三月五号晚上八点", "03-05 20:00"),
        ("明天下午三点，不对，四点", "06-02 16:00"),
        ("明天下午三点，不对，后天", "06-03 15:00"),
        ("不是三点是四点", "06-01 16:00"),
        ("月底", "06-30 10:00"),
        ("下周三下午", "06-10 15:00"),
        ("下个月五号上午九点", "07-05 09:00"),
        ("周末吧", "06-06 10:00"),
        ("今天晚上十二点", "06-02 00:00"),
        ("明天零点", "06-02 00:00"),
        ("半小时以后", "06-01 10:40"),
        ("人民路八号", None),
        ("等一下", None),
        ("早一点打给我", None),
    ],
)
def test_moments(said: str, wanted: str | None) -> None:
    found = times.moment(said, NOW)
    assert (found and f"{datetime.fromisoformat(found.value):%m-%d %H:%M}") == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("不对，四点", "2026-06-02T16:00:00+08:00"),
        ("四点半", "2026-06-02T16:30:00+08:00"),
        ("不是，是后天", "2026-06-03T15:00:00+08:00"),
        ("改成上午", "2026-06-02T10:00:00+08:00"),
        ("上午十点", "2026-06-02T10:00:00+08:00"),
        ("对", None),
    ],
)
def test_a_moment_is_corrected_by_what_is_said(said: str, wanted: str | None) -> None:
    current = datetime(2026, 6, 2, 15, 0, tzinfo=NOW.tzinfo)
    assert value(times.moment(said, NOW, current)) == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("上午", "morning"),
        ("早上吧", "morning"),
        ("一早", "morning"),
        ("下午", "afternoon"),
        ("中午", "afternoon"),
        ("晚上", "evening"),
        ("傍晚", "evening"),
        ("下班以后", "evening"),
        ("明天下午", "afternoon"),
        ("下午三点", "afternoon"),
        ("十点", "morning"),
        ("八点", "morning"),
        ("上午，不对，下午", "afternoon"),
        ("不是上午是下午", "afternoon"),
        ("晚点", None),
        ("早点", None),
        ("都可以", None),
        ("明天", None),
    ],
)
def test_half_days(said: str, wanted: str | None) -> None:
    assert value(times.half_day(said, NOW)) == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [("昨天", "2026-05-31"), ("前天", "2026-05-30"), ("五月三十号", "2026-05-30"), ("上周五", "2026-05-29"),
     ("十二月三号", "2025-12-03"), ("三号", "2026-05-03"), ("随便", None)],
)  # fmt: skip
def test_days_that_have_passed(said: str, wanted: str | None) -> None:
    found = times.past_day(said, NOW.date())
    assert (found and found.isoformat()) == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("我姓王", "王"),
        ("免贵姓李", "李"),
        ("姓欧阳", "欧阳"),
        ("弓长张", "张"),
        ("木子李", "李"),
        ("耳东陈", "陈"),
        ("立早章", "章"),
        ("双木林", "林"),
        ("口天吴", "吴"),
        ("免贵姓章，立早章", "章"),
        ("我姓章，弓长张", "张"),
        ("我叫王建国", "王建国"),
        ("王建国", "王建国"),
        ("嗯，王建国", "王建国"),
        ("我是王建国", "王建国"),
        ("好的，我叫刘德华", "刘德华"),
        ("我的名字叫李明", "李明"),
        ("收件人是赵敏", "赵敏"),
        ("欧阳娜娜", "欧阳娜娜"),
        ("张伟，弓长张，伟大的伟", "张伟"),
        ("章维，弓长张，伟大的伟", "张伟"),
        ("我叫李建，建设的建", "李建"),
        ("王女士", "王女士"),
        ("我是陈先生", "陈先生"),
        ("不对，是王建军", "王建军"),
        ("不是王建国，是王建军", "王建军"),
        ("我是王建国的爱人", None),
        ("王先生不在", None),
        ("不知道", None),
        ("你是谁", None),
        ("方便", None),
        ("没有", None),
        ("高兴", None),
        ("李", "李"),
        ("余，年年有余的余", "余"),
        ("钟，时钟的钟", "钟"),
        ("我叫小明", "小明"),
        ("叫我老王就行", "老王"),
        ("高老师", "高老师"),
        ("孙悟空，孙子的孙", "孙悟空"),
        ("谢谢", None),
        ("周三", None),
        ("周末", None),
        ("我叫你别打了", None),
        ("行", None),
        ("万一呢", None),
        ("是的", None),
        ("等一下", None),
        ("我要找人工", None),
        ("我就是", None),
        ("马上", None),
        ("", None),
    ],
)
def test_names(said: str, wanted: str | None) -> None:
    assert value(names.name(said)) == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("人民路八号", "人民路8号"),
        ("明天下午送到人民路八号", "人民路8号"),
        ("我住在上海市浦东新区世纪大道100号", "上海市浦东新区世纪大道100号"),
        (
            "浙江省杭州市西湖区文三路八号云杉小区三号楼二单元五零一室",
            "浙江省杭州市西湖区文三路8号云杉小区3号楼2单元501室",
        ),
        ("广西南宁市民族大道一号", "广西南宁市民族大道1号"),
        ("浙江杭州西湖区文三路八号", "浙江省杭州市西湖区文三路8号"),
        ("广东深圳南山区科技园", "广东省深圳市南山区科技园"),
        ("幸福小区12栋3单元1203", "幸福小区12栋3单元1203室"),
        ("幸福小区十二栋三单元幺二零三", "幸福小区12栋3单元1203室"),
        ("阳光花园八栋", "阳光花园8栋"),
        ("地址是北京市朝阳区建国路88号SOHO现代城A座1201", "北京市朝阳区建国路88号SOHO现代城A座1201室"),
        ("江苏省苏州市工业园区星湖街328号", "江苏省苏州市工业园区星湖街328号"),
        ("南京东路一百二十号", "南京东路120号"),
        ("石家庄市长安区中山东路五号", "石家庄市长安区中山东路5号"),
        ("义乌市稠城街道江滨北路五十六号", "义乌市稠城街道江滨北路56号"),
        ("江苏省南京市鼓楼区中山路一号", "江苏省南京市鼓楼区中山路1号"),
        ("人民路八号，不对，是十八号", "人民路18号"),
        ("不是人民路是解放路", "解放路"),
        ("寄到解放大道二十二号三楼", "解放大道22号3楼"),
        ("五楼", None),
        ("阳光小区", "阳光小区"),
        ("幸福里小区五号楼三单元四零二", "幸福里小区5号楼3单元402室"),
        ("长江路18号院3号楼", "长江路18号院3号楼"),
        ("朝阳门外大街甲六号", "朝阳门外大街甲六号"),
        ("大兴区黄村镇兴华大街二段一号", "大兴区黄村镇兴华大街二段1号"),
        ("文一西路九百六十九号", "文一西路969号"),
        ("武汉市洪山区珞喻路1037号华中科技大学", "武汉市洪山区珞喻路1037号华中科技大学"),
        ("改到万科城市花园五期八栋一零二", "万科城市花园五期8栋102室"),
        ("海淀区中关村南大街五号", "海淀区中关村南大街5号"),
        ("你们公司在哪里", None),
        ("我现在不在家", None),
        ("到付可以吗", None),
        ("还是原来的地址", None),
        ("我在北京", None),
        ("地址不对", None),
        ("三号", None),
        ("八号楼", None),
        ("我不知道", None),
        ("我在路上", None),
        ("转人工", None),
        ("送到公司", None),
        ("我在开车", None),
        ("好的", None),
        ("明天下午三点", None),
        ("", None),
    ],
)
def test_addresses(said: str, wanted: str | None) -> None:
    assert value(addresses.address(said)) == wanted


CURRENT = "浙江省杭州市西湖区文三路8号云杉小区3号楼2单元501室"


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("不对，是八号楼", CURRENT.replace("3号楼", "8号楼")),
        ("八号楼", CURRENT.replace("3号楼", "8号楼")),
        ("不是三号楼，是八号楼", CURRENT.replace("3号楼", "8号楼")),
        ("改成三单元幺二零幺", CURRENT.replace("2单元501室", "3单元1201室")),
        ("是六零二室", CURRENT.replace("501室", "602室")),
        ("不是文三路，是文二路", CURRENT.replace("文三路", "文二路")),
        ("现在在江苏省南京市鼓楼区中山路一号", "江苏省南京市鼓楼区中山路1号"),
        ("搬到人民路六号了", "浙江省杭州市西湖区人民路6号"),
        ("对的", None),
        ("我现在开车", None),
    ],
)
def test_an_address_is_corrected_part_by_part(said: str, wanted: str | None) -> None:
    assert value(addresses.address(said, CURRENT)) == wanted


@pytest.mark.parametrize("text", [CURRENT, "人民路8号", "上海市浦东新区世纪大道100号", "清华大学紫荆公寓", "一号店"])
def test_a_written_address_stays_as_it_is(text: str) -> None:
    assert str(addresses.read(text)) == text


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        *((text, "yes") for text in ("是的", "对", "有", "可以", "好的", "嗯", "没错", "没问题", "收到了", "行")),
        *((text, "no") for text in ("不是", "没有", "不用了", "不要", "没收到", "不行", "不", "还没有")),
        *((text, None) for text in ("不知道", "是吗", "要不要", "什么", "我想一下", "多少钱", "")),
    ],
)  # fmt: skip
def test_yes_and_no(said: str, wanted: str | None) -> None:
    assert value(choices.yes_no(said)) == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("大号", "large"),
        ("要小的", "small"),
        ("中号吧", "medium"),
        ("我要大的那个", "large"),
        ("小浩", "small"),
        ("第二个", "medium"),
        ("第一个", "large"),
        ("最后一个", "small"),
        ("后面那个", "small"),
        ("中间那个", "medium"),
        ("选三", "small"),
        ("2", "medium"),
        ("不要大号要小号", "small"),
        ("大号，不对，小号", "small"),
        ("不是大号是中号", "medium"),
        ("大号还是小号", None),
        ("不要大号", None),
        ("第四个", None),
        ("随便", None),
        ("都可以", None),
        ("我不知道", None),
    ],
)
def test_options(said: str, wanted: str | None) -> None:
    assert value(choices.option(said, SIZES)) == wanted


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("第二个", "20688"),
        ("第三个吧", "19990"),
        ("后面那个", "19990"),
        ("前面那个", "20731"),
        ("最后一个", "19990"),
        ("中间那个", "20688"),
        ("耳机那个", "20731"),
        ("蓝牙音箱", "19990"),
        ("保温杯的", "20688"),
        ("尾号七三一", "20731"),
        ("七三幺那个", "20731"),
        ("九九零", "19990"),
        ("五月三十号那个", "20731"),
        ("五十九块的", "20688"),
        ("不是耳机是音箱", "19990"),
        ("第一个，不对，第二个", "20688"),
        ("按2", "20688"),
        ("蓝牙的", None),
        ("都不是", None),
        ("不要耳机", None),
        ("第四个", None),
        ("昨天买的", None),
        ("我不知道", None),
    ],
)
def test_one_of_several_things(said: str, wanted: str | None) -> None:
    assert value(choices.one_of(said, ITEMS, NOW.date())) == wanted


@pytest.mark.parametrize(
    ("text", "stretches"),
    [
        ("明天三点，不对，四点", ["明天三点，", "四点"]),
        ("不是三点是四点", ["四点"]),
        ("二零七三幺说错了二零七三二", ["二零七三幺", "二零七三二"]),
        ("不对", ["不对"]),
        ("明天三点", ["明天三点"]),
        ("，。", []),
    ],
)
def test_what_stands_after_a_correction(text: str, stretches: list[str]) -> None:
    assert [text[start:end] for start, end in standing(text)] == stretches


@pytest.mark.parametrize(
    ("said", "words"),
    [("明天下午送到人民路八号", "人民路八号"), ("嗯我住在幸福小区三栋啊", "幸福小区三栋")],
)
def test_the_place_of_a_value_is_the_words_that_said_it(said: str, words: str) -> None:
    found = addresses.address(said)
    assert found is not None
    assert said[found.start : found.end] == words


@given(TALK)
def test_any_talk_gives_values_that_can_be_said_again_or_nothing(said: str) -> None:
    day, number, place = times.day(said, NOW), codes.digits(said), addresses.address(said)
    assert day is None or date.fromisoformat(day.value) >= NOW.date()
    assert number is None or number.value.isdecimal()
    assert place is None or str(addresses.read(place.value)) == place.value
    found = (day, number, place, names.name(said), choices.yes_no(said), times.clock(said, NOW))
    found += (codes.phone(said), codes.order_number(said), amounts.bare_money(said))
    found += (times.half_day(said, NOW), times.moment(said, NOW))
    for each in found:
        assert each is None or 0 <= each.start < each.end <= len(said)
