"""What kind of thing a question asks for, and whether an answer holds such a thing.

A question for a phone number that the best entry's answer does not contain is most likely not answered by
it, however near its words are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_NUMBER = r"(?:\d[\d,.]*|[一二两三四五六七八九十百千]+)"


@dataclass(frozen=True, slots=True)
class AnswerType:
    """`asked` is searched in a normalised question, `held` in a normalised answer.

    `label` names the kind to people. `strict`: the value has a form of its own, so that its absence is plain. `phrase` asks for it.
    """

    name: str
    label: str
    asked: re.Pattern[str]
    held: re.Pattern[str]
    strict: bool
    phrase: str


def _type(name: str, label: str, asked: str, held: str, strict: bool, phrase: str) -> AnswerType:
    return AnswerType(name, label, re.compile(asked), re.compile(held), strict, phrase)


TYPES: tuple[AnswerType, ...] = (
    _type(
        "money", "金额", r"多少钱|几块|几元|多少元|费用|收费|要钱|花钱|交钱|要不要钱|金额|工本费|补多少|罚多少|给多少",
        rf"{_NUMBER}\s*[万亿]?\s*元|免费|不收|免收|收费标准|费率|全额", True, "要多少钱",
    ),
    _type(
        "share", "比例", r"比例|百分之|利率|税率|几折|几成|费率|百分比", r"%|‰|百分之|千分之|[一二两三四五六七八九\d.]折|成", True,
        "比例是多少",
    ),
    _type(
        "phone", "电话号码", r"电话|号码|热线|打给谁|拨打|怎么联系|如何联系|联系方式",
        r"\d{3,4}-\d{6,8}|\d{7,12}|(?<!\d)1\d{2}(?!\d)|12\d{3}|9\d{4}|400-?\d{3}|\(\d{2,4}\)\s*\d{4}", True, "电话是多少",
    ),
    _type(
        "place", "地点", r"在哪|哪里|哪儿|去哪|到哪|什么地方|地址|地点|哪个地方|哪个窗口|位置",
        r"路|街|楼|号|窗口|中心|大厅|局|所|站|院|处|馆|委|网|平台|银行|地点|地址", False, "在哪里办",
    ),
    _type(
        "time", "时间", r"多久|几天|多少天|多长时间|什么时候|何时|几号|几月|期限|截止|哪天|几个月|几年|时限|时效|哪一天",
        rf"{_NUMBER}\s*个?(?:工作日|自然日|日|天|月|年|小时|分钟|周|星期|学期)|当日|当天|当场|随时|即时|立即|每年|每月|长期|终身",
        True, "要多长时间",
    ),
    _type(
        "hours", "办公时间", r"几点|上班时间|营业时间|开放时间|办公时间|服务时间|开门|关门",
        r"\d{1,2}:\d{2}|\d{1,2}\s*[时点]|[一二三四五六七八九十]点|上午|下午|24小时|全天", True, "几点上班",
    ),
    _type("age", "年龄", r"几岁|多大|年龄|多少岁", r"岁|年龄", True, "年龄有什么要求"),
    _type(
        "count", "数量", r"几次|多少次|多少人|几个人|多少个|多少家|几家|名额|人数|多少名|几名|几份|多少份|几种|多少种",
        rf"{_NUMBER}\s*[余多]?\s*(?:次|人|个|家|名|位|辆|处|所|件|张|份|种|项|台|户|万)|不限", False, "一共有多少个",
    ),
    _type(
        "documents", "材料", r"什么材料|哪些材料|啥材料|带什么|带啥|要带|什么证件|哪些证件|什么手续|哪些手续|准备什么|准备哪些"
        r"|提交什么|什么证明|哪些证明|什么资料|哪些资料",
        r"材料|证明|身份证|户口|申请表|申请书|原件|复印件|影本|照片|证件|证书|资料|文件|表格|合同", False, "需要带什么材料",
    ),
    _type(
        "reason", "原因", r"为什么|为啥|为何|原因|怎么会|凭什么|咋会", r"因|由于|为了|所以|原因|避免|防止|导致|致使|考虑|目的|为", False,
        "是什么原因",
    ),
    _type(
        "website", "网址", r"网址|哪个网站|什么网站|哪个app|什么app|公众号|小程序|哪个平台|什么平台",
        r"www|http|\.(?:com|cn|gov|org|net)|网站|公众号|小程序|app|平台|官网|系统", True, "网址是什么",
    ),
)  # fmt: skip


def asked_types(question: str) -> tuple[AnswerType, ...]:
    """The kinds of thing that a normalised question asks for."""
    return tuple(kind for kind in TYPES if kind.asked.search(question))


def missing(question: str, answer: str) -> tuple[float, float]:
    """Share of the asked kinds that a normalised answer does not hold, and 1 if a strict one is among them.

    Both are 0 for a question that asks for none of these kinds.
    """
    asked = asked_types(question)
    absent = _absent(asked, answer)
    return (len(absent) / len(asked) if asked else 0.0), float(any(kind.strict for kind in absent))


def lacking(question: str, answer: str) -> list[str]:
    """The kinds of thing that a normalised question plainly asks for and a normalised answer does not hold, in words."""
    return [kind.label for kind in _absent(asked_types(question), answer) if kind.strict]


def _absent(asked: tuple[AnswerType, ...], answer: str) -> list[AnswerType]:
    return [kind for kind in asked if not kind.held.search(answer)]


def without_asking(question: str) -> str:
    """A normalised question less the words that ask for one of the kinds."""
    for kind in TYPES:
        question = kind.asked.sub(" ", question)
    return question
