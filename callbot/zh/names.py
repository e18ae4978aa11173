"""Names of people: 我姓王, 免贵姓李, 王建国, 弓长张, 伟大的伟. Pure."""

import re

from callbot.zh.found import Found, standing
from callbot.zh.pinyin import syllables

_COMPOUND = "欧阳|司马|上官|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|南宫|端木|百里|独孤|呼延|轩辕|宇文|长孙"
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔"
    "钟谭陆汪范金石廖贾夏韦付傅方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛"
    "樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉"
    "骆蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景党宫费卜冷晏席卫米柏宗"
    "瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝封匡鞠惠荆乐冀郁胥南班储原栗燕"
    "楚鄢劳谌奚皮粟冼蔺楼盘闻厉伊仝区郜海阚花帅屠豆朴盖练廉禹井祖漆巴丰支卿狄平计索宣晋云容扈晁芮普阙浦戈伏鹿薄邸"
    "雍辜羊阿乌母裘亓修邰赫杭况宿鲜印逯隆茹诺战慕危玉银亢嵇哈湛宾戎勾茅利干檀衡"
)
_EXPLAINED = {
    "弓长": "张", "立早": "章", "木子": "李", "十八子": "李", "耳东": "陈", "口天": "吴", "双木": "林",
    "言午": "许", "古月": "胡", "草头": "黄", "草字头": "黄", "三横": "王", "双口": "吕", "走肖": "赵",
    "干勾": "于", "人可": "何", "言身寸": "谢", "文刀": "刘", "木易": "杨", "关耳": "郑", "双人": "徐",
    "双人旁": "徐", "美女": "姜", "羊女": "姜", "水工": "江", "三点水": "江", "西早": "谭", "言西早": "谭",
    "单人旁": "付", "田共": "龚", "士口": "吉", "中心的钟": "钟", "金中": "钟", "十口": "古", "西贝": "贾",
    "小月": "肖", "刘备的": "刘", "人禾": "余",
}  # fmt: skip
"""How people spell their surnames, by what stands before it: 弓长张."""
_GIVEN = r"[\u4e00-\u9fff]{1,2}"
_TITLE = "先生|女士|小姐|太太|老师|经理|师傅|阿姨|大哥|总"
_FULL = rf"(?:(?:{_COMPOUND})|[{_SURNAMES}]){_GIVEN}"
_NOT = "的了吗呢吧啊呀哦嗯么嘛不没是有在要就都也还很太这那你我他她它们什怎哪谁几多个来去到给把被让说想能会可以号点块钱"
"""Characters that are in no given name people give on the telephone, but in most short sentences."""
_NO_NAMES = re.compile(
    "(?:谢谢|周[一二三四五六日天末]|常温|"
    "高兴|方便|马上|于是|何必|任何|时候|安全|成功|常用|解决|关系|关于|许多|康复|包括|明天|明白|"
    "应该|全部|对方|毛病|万一|金额|平时|平台|向前|左右|方向|方面|连着|连续|白天|古怪|冷静|简单|"
    "管理|强调|温度|易碎|华为|文件|牛奶|花钱|时间|单子|计划|和平|乐意|阳光|海外|平常|那边|都行|"
    "云杉|商城|成交|利息|信息|信用|公司|国庆|相信|展示|富裕|印象|元旦|容易|门口|初步|索赔|支付|"
    "支持|丰富|平安|国家|原因|原来|官方|封装|查询|查看|查到|谈过|迟到|明年|满意|路上|房子|游戏|"
    "边上|师傅|应付|全款|宣传|晚上|单号|单元|江苏|江西|安徽|云南|海南|宁夏|常州|温州|金华|"
    "康师傅|方便面|房间号|成本|时刻|和解|计算|信号|智能|幸运|利用|公开|元钱|平价|那行|那好|那个|"
    "都好|都对|国内|门店|海关|车上|马路|石家庄|钱包|白色|黄色|蓝色|金色|银色|花色|银行|银行卡|"
    "余额|余款|全新|白的|高的|满减|毛巾|牛仔裤|花盆|包邮|包裹|易购|方法|任务|安排|安装|安静|"
    "高级|高铁|文字|向上|麦克风|查一下|解释|解约|解冻|支付宝|商家|商品|商量|强烈|练习|路口|路边|"
    "时尚|成功了|游客|全额|原价|原路|万元|平米|冷饮|冷冻|印刷|盖章|干净|干嘛|干脆|但是|由于|"
    "衣服|斯文|尤其|于此|何时|何地|别打"
    ")"
)
"""Words that begin like a surname and are none."""
_INTRODUCED = re.compile(
    rf"(?:我(?:的)?名字(?:是|叫)|(?:我|本人)(?:叫做?|是|姓)|免贵姓?|敝姓|姓名(?:是|叫)?|名字(?:是|叫)|叫我?|称呼我|(?<!贵)姓|收件人(?:是|叫)?|是)"
    rf"(?P<name>{_FULL}(?=$|[，,。！？\s!?]|{_TITLE}|这|，)|(?:{_COMPOUND}|[{_SURNAMES}])(?=$|[，,。！？\s!?]|{_TITLE}|啊|的$))(?P<title>{_TITLE})?"
)
_CALLED = re.compile(r"(?:我叫|名字叫|叫我)(?P<name>[\u4e00-\u9fff]{2,3})(?=$|[，,。！？\s!?吧就])")
_OFTEN = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁沈姚卢姜崔钟谭陆汪"
    "范廖贾韦付傅邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵"
)
"""Surnames that are understood when they are all that was said: frequent, and no answer to anything."""
_ALONE = re.compile(rf"(?P<name>[{_OFTEN}])(?=$|[，,。！？\s!?])")
_TITLED = re.compile(rf"(?P<name>(?:{_COMPOUND}|[{_SURNAMES}])(?:{_GIVEN})??)(?P<title>{_TITLE})(?!不|没|的)")
_FILLED = re.compile(r"^(?:嗯|呃|啊|哦|额|喂|你好|您好|好的|好|对|那个|就是|是|叫)*[，,。\s]*")
_BARE = re.compile(rf"(?P<name>{_FULL})(?=$|[，,。！？\s!?吧啊])")
_SPELT = re.compile(rf"(?P<how>{'|'.join(sorted(_EXPLAINED, key=len, reverse=True))})(?P<name>[\u4e00-\u9fff])")
_AS_IN = re.compile(r"(?P<word>[\u4e00-\u9fff]{2,4}?)(?:的那个|的)(?P<char>[\u4e00-\u9fff])")


def name(text: str) -> Found | None:
    """A person's name as it is written: the surname alone (我姓王 → 王), a full name, or with a title (王女士)."""
    for start, end in reversed(standing(text)):
        stretch = text[start:end]
        explained = list(_SPELT.finditer(stretch))
        found = _introduced(stretch) or _titled(stretch) or _bare(stretch) or _called(stretch)
        if found is None and explained:
            spelt = explained[0]
            found = Found(_surname(spelt), spelt.start(), spelt.end())
        if found is not None:
            value = _as_spelt(found.value, stretch)
            return Found(value, start + found.start, start + found.end)
    return None


def _introduced(text: str) -> Found | None:
    for match in _INTRODUCED.finditer(text):
        said, title = match["name"], match["title"] or ""
        if _NO_NAMES.fullmatch(said) is None and not set(said[1:]) & set(_NOT):
            return Found(said + title, match.start("name"), match.end())
    return None


def _titled(text: str) -> Found | None:
    for match in _TITLED.finditer(text):
        if not set(match["name"]) & set("我你他的是找") and text[: match.start()][-1:] not in ("找", "问", "打"):
            return Found(match[0], match.start(), match.end())
    return None


def _called(text: str) -> Found | None:
    """A name that begins with no surname: 我叫小明."""
    match = _CALLED.search(text)
    if match is None or set(match["name"]) & set(_NOT):
        return None
    return Found(match["name"], match.start("name"), match.end("name"))


def _bare(text: str) -> Found | None:
    lead = _FILLED.match(text)
    start = lead.end() if lead is not None else 0
    alone = _ALONE.match(text, start)
    if alone is not None:
        return Found(alone["name"], alone.start(), alone.end())
    match = _BARE.match(text, start)
    if match is None or _NO_NAMES.match(match["name"]) or set(match["name"][1:]) & set(_NOT):
        return None
    return Found(match["name"], match.start(), match.end())


def _surname(spelt: re.Match[str]) -> str:
    """张 for 弓长章: how it is spelt says more than which of the homophones the recogniser wrote."""
    return (
        _EXPLAINED[spelt["how"]] if syllables(spelt["name"]) == syllables(_EXPLAINED[spelt["how"]]) else spelt["name"]
    )


def _as_spelt(said: str, text: str) -> str:
    """The name with its characters as they were explained: 章维，弓长张，伟大的伟 → 张伟."""
    characters = list(said)
    meant = [_surname(spelt) for spelt in _SPELT.finditer(text)]
    meant += [match["char"] for match in _AS_IN.finditer(text) if match["char"] in match["word"]]
    for char in meant:
        for at, old in enumerate(characters):
            if old != char and syllables(old) == syllables(char):
                characters[at] = char
                break
    return "".join(characters)
