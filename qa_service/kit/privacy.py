"""Personal details: how they are masked in lists and taken out of text that others will read."""

from __future__ import annotations

import re

# Digits standing alone: not part of a longer number, so that document numbers and codes survive.
_ID_18 = re.compile(r"(?<![0-9A-Za-z])\d{17}[0-9Xx](?![0-9A-Za-z])")
_ID_15 = re.compile(r"(?<![0-9A-Za-z])\d{15}(?![0-9A-Za-z])")
_BANK_CARD = re.compile(r"(?<![0-9A-Za-z])[3-6]\d{15,18}(?![0-9A-Za-z])")
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d[- ]?\d{4}[- ]?\d{4}(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)0\d{2,3}[-— ]\d{7,8}(?!\d)")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
_PLATE = re.compile(
    r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-HJ-NP-Z][·\s]?[A-HJ-NP-Z0-9]{5,6}"
)
_COMPOUND_SURNAMES = (
    "欧阳",
    "司马",
    "上官",
    "诸葛",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
    "司徒",
    "夏侯",
)

MOBILE = re.compile(r"1[3-9]\d{9}")
LANDLINE = re.compile(r"0\d{2,3}-?\d{7,8}(-\d{1,6})?")
EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")


def without_identity_numbers(text: str) -> str:
    """`text` with identity and bank card numbers replaced: a consultation never keeps them."""
    for pattern, name in ((_ID_18, "证件号码"), (_BANK_CARD, "银行卡号"), (_ID_15, "证件号码")):
        text = pattern.sub(f"［{name}已隐去］", text)
    return text


def without_personal_details(text: str) -> str:
    """`text` with everything that names or reaches a person replaced, for logs and for the library."""
    text = without_identity_numbers(text)
    for pattern, name in ((_EMAIL, "邮箱"), (_MOBILE, "电话"), (_LANDLINE, "电话"), (_PLATE, "车牌")):
        text = pattern.sub(f"［{name}已隐去］", text)
    return text


def mask_contact(contact: str) -> str:
    """138****5678; landlines keep the last four digits; e-mail keeps the first letter and the domain."""
    if not contact:
        return ""
    if "@" in contact:
        name, _, domain = contact.partition("@")
        return f"{name[:1]}***@{domain}"
    digits = re.sub(r"\D", "", contact)
    if MOBILE.fullmatch(digits):
        return f"{digits[:3]}****{digits[-4:]}"
    return f"****{digits[-4:]}" if len(digits) > 4 else "****"


def mask_name(name: str) -> str:
    """张* or 欧阳*; forms of address that name nobody (王女士) keep the surname only."""
    if not name:
        return ""
    return (name[:2] if name.startswith(_COMPOUND_SURNAMES) else name[:1]) + "*"


def hidden(value: str) -> str:
    """That there is something, not what: secrets and parts of personal numbers in the history."""
    return "＊＊＊＊" if value else ""
