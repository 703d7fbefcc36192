"""Questions that are not policy questions: a word on where to turn, shown beside whatever was found. Pure.

Rules: an emergency gets the emergency numbers at once; complaints and requests for documents have their own
channels and time limits (条例 第三十九条, 信访工作条例), so the person is told of them.
"""

from __future__ import annotations

import re

_HINTS = (
    (
        re.compile(
            r"救命|着火|起火|失火|抢劫|杀人|自杀|想死|不想活|晕倒|昏迷|煤气泄漏|燃气泄漏|家暴|被打|爆炸"
        ),
        "如果正有危险，请马上拨打：报警110，火警119，急救120。也可以直接叫身边的工作人员。",
    ),
    (
        re.compile(r"投诉|举报|信访|上访|告状|贪污|受贿|态度恶劣"),
        "投诉、举报和信访事项由专门渠道办理：可以拨打12345，或到信访接待窗口反映。工作人员可以带您去。",
    ),
    (
        re.compile(r"申请公开|信息公开申请|会议纪要|审批材料|批复文件|要.{0,6}文件"),
        "想要某一份具体的文件或材料，可以提出政府信息公开申请，窗口有申请表，工作人员会帮您填写。",
    ),
)


def hints_for(question: str) -> list[str]:
    return [text for pattern, text in _HINTS if pattern.search(question)]
