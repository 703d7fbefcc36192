"""接着问: a follow-up such as 那要多少钱 understood in the light of the answer it was asked below. Pure.

Nothing is guessed silently: what a follow-up was taken for is shown with the answer, and it can be asked by itself.
"""

from __future__ import annotations

import re

from qa_service.library.triage import triage
from qa_service.search.answer_types import without_asking
from qa_service.search.exact import exact_key
from qa_service.text.function_words import FUNCTION_WORDS
from qa_service.text.lexicon import Lexicon
from qa_service.text.normalise import normalise

# Words that refer back to what was said before; not those that only begin alike (还款, 也门).
_OPENER = re.compile(r"那么|那|它|这个|还(?![款贷钱债本清息账])|也(?!门)")
_AND = re.compile(r"那么|那|还|也")
# Whole questions of their own ask something in words; 那护照呢 and 那老人可以吗 lean on the question before.
_ASKS = re.compile(r"怎么|怎样|如何|咋|多少|多久|多长|哪|什么|啥|几[个天年月次点岁]|谁|为何")
# Asking words of a standard question beside those of the kinds of answer.
_ASKING = re.compile(
    r"(?:多少|几)(?:个)?(?:月|年|天|次|人|名|家|份|种|日)?|怎么办|怎么样?|怎样|如何|什么样?|哪些|哪个|哪种|哪|是否|能不能|能否|可不可以|可否"
    r"|有没有|有无|是不是|要不要|需不需要|为什么|谁|吗|呢|[?!。;]"
)
# What is asked of any matter and names none: asking and modal words, plain acts, things and kinds of people.
_OF_ANY_MATTER = re.compile(
    "(?:"
    r"\d+|什么|怎么|怎样|如何|多少|多久|哪里|哪儿|哪|几|啥|咋|谁|吗|呢|吧|么|为|是|否|能|可以|可|要|需要|需|会|得|必须|必需|应该|应当|用|不|没|有|行|成"
    "|好|了|的|着|过|就|都|也|还|再|又|先|后|只|才|那|这|个|它|他|她|我|你|您|自己|本人|亲自|别人|其他|别的|一定|样|种|些|点|元|块|天|月|年|次"
    "|办理|办好|办成|代办|补办|办法|办|申请|申领|代领|领取|领|交纳|缴纳|交|缴|取|拿|带|去|来|到账|到|找|问|查询|查|补|换|退|丢|代|邮寄|快递|寄|预约"
    "|咨询|提交|准备|填写|填|跑|等|下|开始|结束|发放|发|给|生效|处理|开|算|停|变更|修改|延期|上|报|看"
    "|材料|资料|手续|条件|要求|流程|步骤|程序|费用|费|钱|电话|号码|地址|地方|地点|窗口|大厅|时间|时候|期限|标准|金额|比例|年龄|名额|限制|证件|证明"
    "|表格|表|网上|线上|线下|手机|网站|现场|单位|部门|方式|结果|进度|区别|一样|上班|下班|周末|今天|明天|今年|逾期|过期|超期|超过|到场|下载|打印|盖章|签字|最多|最少|最快|最晚|以后"
    "|之后|以前|另外|下一步|一步"
    "|老人|老年人|孩子|小孩|小孩子|未成年人|外地人|外地|本地人|本地|外国人|学生|农民工|农民|残疾人|家人|家属|家里|父母|爸妈|爸爸|妈妈|老婆|老公|配偶"
    "|亲戚|朋友|退休人员|代理人|男的|女的|男|女|人"
    ")+"
)


def in_light_of(follow_up: str, previous_question: str, lexicon: Lexicon) -> str | None:
    """The question that `follow_up` asks below the answer to `previous_question`, a standard question.

    That is the matter of the previous question and the follow-up as typed; None where the follow-up stands alone: it
    names a matter of its own, is no question, or is for another place than this (投诉, 急救).
    """
    said, previous = follow_up.strip(), normalise(previous_question)
    if not exact_key(previous) or not _is_bare(normalise(said), lexicon):
        return None
    return f"{_matter(previous, lexicon)}，{said}"


def _is_bare(text: str, lexicon: Lexicon) -> bool:
    """Whether a normalised follow-up says nothing of what it is about."""
    if not exact_key(text) or triage(text).kinds:
        return False
    opener = _OPENER.match(text)
    if opener is None:
        return not _own_words(text, lexicon)
    rest = text[opener.end() :]
    # 那低保怎么申请 goes on to another matter, in a whole question and in a word that the zone knows.
    known = any(word in lexicon.terms or word in lexicon.synonyms for word in _own_words(rest, lexicon))
    return not (_AND.fullmatch(opener.group()) and known and _ASKS.search(rest))


def _own_words(text: str, lexicon: Lexicon) -> list[str]:
    """The words that name a matter: two characters or more, neither asking nor of any matter whatsoever."""
    empty = lexicon.stop_words | FUNCTION_WORDS
    words = (word for part in without_asking(text).split() for word in lexicon.segmenter.plain(part))
    return [w for w in words if len(exact_key(w)) > 1 and w not in empty and not _OF_ANY_MATTER.fullmatch(w)]


def _matter(previous: str, lexicon: Lexicon) -> str:
    """A normalised question less its asking words; the whole where nothing else is left."""
    asked = _ASKING.sub(" ", without_asking(_ASKING.sub(" ", previous)))
    kept = [
        "".join(word for word in lexicon.segmenter.plain(part) if word not in lexicon.stop_words)
        for part in asked.split()
    ]
    matter = "".join(kept).replace(",", "，").strip("、，:：")
    return matter if exact_key(matter) else previous.strip("?？")
