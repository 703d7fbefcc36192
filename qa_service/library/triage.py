"""分流: what a question is besides a policy question, and the words that go with it. Pure.

The zone itself handles consultations and suggestions only; everything else is shown where to turn (DOMAIN §4.4): an
emergency gets the emergency numbers at once; complaints and petitions have channels of their own (信访工作条例
第十七条; 政府信息公开条例 第三十九条), and so have applications for a document (政府信息公开条例 第二十九条).
Whatever search finds is shown all the same: a question about how to complain is a policy question too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from qa_service.text.normalise import normalise


class Kind(StrEnum):
    EMERGENCY = "emergency"
    COMPLAINT = "complaint"
    DISCLOSURE = "disclosure"
    GREETING = "greeting"


@dataclass(frozen=True, slots=True)
class Channel:
    """`pattern` is searched in the normalised question; `words` are what the person is told."""

    kind: Kind
    pattern: re.Pattern[str]
    words: str


CHANNELS: tuple[Channel, ...] = (
    Channel(
        Kind.EMERGENCY,
        re.compile(
            r"救命|着火|起火|失火|抢劫|杀人|自杀|想死|不想活|晕倒|昏迷|(?:煤气|燃气|天然气)(?:泄漏|漏了)|家暴|被打|爆炸|快不行了"
        ),
        "如果正有危险，请马上拨打：报警110，火警119，急救120。也可以直接叫身边的工作人员。",
    ),
    Channel(
        Kind.COMPLAINT,
        re.compile(r"投诉|举报|信访|上访|告状|贪污|受贿|态度恶劣|不作为|乱收费|吃拿卡要"),
        "投诉、举报和信访事项由专门渠道办理：可以拨打12345，或到信访接待窗口反映。工作人员可以带您去。",
    ),
    Channel(
        Kind.DISCLOSURE,
        re.compile(r"申请公开|信息公开申请|会议纪要|审批材料|批复文件|(?:想要|要一?份|调取|查阅|复印).{0,8}(?:文件|档案|材料原件|批文)"),
        "想要某一份具体的文件或材料，可以提出政府信息公开申请，窗口有申请表，工作人员会帮您填写。",
    ),
)  # fmt: skip

# Nothing but courtesy, a test of the machine, or a sound: no question has been asked yet.
_GREETING = re.compile(
    r"(?:你好|您好|hello|hi|嗨|喂|哈喽|早上好|上午好|中午好|下午好|晚上好|在吗|在不在|有人吗|谢谢|多谢|感谢|再见|拜拜|好的"
    r"|测试(?:一下)?|试一下|试试|test|你是谁|你叫什么(?:名字)?|你会什么|你能干什么|讲个笑话|唱首歌|哈+|呵+|嗯+|啊+|哦+|[啦呀吗呢吧啊哦,.!?~ ])+"
)
_GREETING_WORDS = "您好，请直接说出想问的事，例如“身份证丢了怎么补”“失业金能领几个月”。"

# Where one message goes on to a second question.
_NEXT = re.compile(
    r"(?<=[?？])|[;；\n]|(?:另外|还有(?:就是|一个问题)?|顺便(?:问一?下)?|再问一?下|第[一二三四]个问题)[,，:： ]*"
)
_ASKS = re.compile(
    r"[?？]|吗|呢|怎么|咋|如何|什么|啥|哪|几|多少|多久|能不能|可不可以|是不是|要不要|有没有|谁|为何|为啥|行不行|么子|点样"
)
_SHORTEST, _MOST = 5, 4


@dataclass(frozen=True, slots=True)
class Triage:
    """`kinds` in order of urgency, `words` for each. `parts`: the single questions, where there are several."""

    kinds: tuple[Kind, ...]
    words: tuple[str, ...]
    parts: tuple[str, ...]

    @property
    def is_greeting(self) -> bool:
        return Kind.GREETING in self.kinds


def triage(question: str) -> Triage:
    """What is to be said to a question as typed, beside what search finds."""
    text = normalise(question).strip()
    if text and _GREETING.fullmatch(text):
        return Triage((Kind.GREETING,), (_GREETING_WORDS,), ())
    channels = [channel for channel in CHANNELS if channel.pattern.search(text)]
    return Triage(tuple(c.kind for c in channels), tuple(c.words for c in channels), _parts(question))


def _parts(question: str) -> tuple[str, ...]:
    """The questions that a message of several consists of, as typed; empty for one question.

    A part that asks nothing is the story before the next question and stays with it.
    """
    parts: list[str] = []
    story = ""
    for piece in _NEXT.split(question):
        piece = piece.strip(" ,，。.、")
        if not piece:
            continue
        story = f"{story}，{piece}" if story else piece
        if _ASKS.search(piece) and len(piece) >= _SHORTEST:
            parts.append(story)
            story = ""
    return tuple(parts[:_MOST]) if len(parts) > 1 else ()
