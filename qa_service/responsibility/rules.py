"""一次性告知 and 责任追究 as pure rules (DOMAIN §1.8: 四项工作制度; 规范 第十条)."""

from __future__ import annotations

from collections.abc import Sequence

VERDICTS = {
    "accepted": "可以办理",
    "supplement": "补齐后可以办理",
    "undecided": "当场不能决定",
    "refused": "不予受理",
}
SOURCES = {"discipline": "违反工作纪律", "report": "投诉举报", "overdue": "超期未办", "bad_review": "差评"}
NEED_REASON = frozenset({"undecided", "refused"})


def why_no_notice(given_before: bool, verdict: str, missing: Sequence[str], reason: str) -> tuple[str, str]:
    """(field, why) a notice cannot be given, ("", "") where it can.

    同一事项的补正告知只能发一次且列全; 告知能否办理; 不受理、无法当场决定的须写理由.
    """
    if given_before:
        return "form", "这件事项已经一次性告知过，不能再次告知。"
    if verdict not in VERDICTS:
        return "verdict", "请告知能不能办理。"
    if verdict == "supplement" and not missing:
        return "missing", "请一次列全需要补齐的内容。"
    if verdict == "accepted" and missing:
        return "verdict", "还有需要补齐的内容，请选择“补齐后可以办理”。"
    if verdict in NEED_REASON and not reason:
        return "reason", "不予受理或当场不能决定的，必须写明理由。"
    return "", ""


def why_no_accountability(source: str, has_case: bool, was_late: bool) -> tuple[str, str]:
    """(field, why) an event cannot be entered, ("", "") where it can: 超期的追究与超期记录关联."""
    if source not in SOURCES:
        return "source", "请选择来源。"
    if source == "overdue" and not has_case:
        return "case", "超期未办的，请填写超期的咨询件编号。"
    if source == "overdue" and not was_late:
        return "case", "这件咨询没有超期记录，请核对编号或改选来源。"
    return "", ""
