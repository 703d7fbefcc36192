"""Masking and redaction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.kit.privacy import (
    mask_contact,
    mask_name,
    without_identity_numbers,
    without_personal_details,
)

MOBILES = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
IDENTITY = st.from_regex(r"[1-9][0-9]{16}[0-9X]", fullmatch=True)
CHINESE = st.text(alphabet="我是要办低保的请问电话号码证件，。！", max_size=20)


class TestWithoutIdentityNumbers:
    @given(CHINESE, IDENTITY, CHINESE)
    def test_an_identity_number_anywhere_in_chinese_text_is_removed(
        self, before: str, number: str, after: str
    ) -> None:
        cleaned = without_identity_numbers(before + number + after)
        assert number not in cleaned
        assert cleaned.startswith(before)
        assert cleaned.endswith(after)

    @pytest.mark.parametrize(
        "number", ["11010519491231002X", "440524188001010014", "110105491231002", "6222021234567890123"]
    )
    def test_identity_numbers_old_and_new_and_bank_cards_are_removed(self, number: str) -> None:
        assert number not in without_identity_numbers(f"我的号码是{number}，请查")

    @pytest.mark.parametrize(
        "text",
        [
            "国令第711号",
            "粤府办〔2020〕10号",
            "打12345热线",
            "QH01-ZX-20260213-0001",
            "2026年2月13日",
            "补贴3000元",
        ],
    )
    def test_numbers_that_identify_nobody_stay(self, text: str) -> None:
        assert without_identity_numbers(text) == text

    @given(st.text(max_size=200))
    def test_never_raises_and_is_stable(self, text: str) -> None:
        once = without_identity_numbers(text)
        assert without_identity_numbers(once) == once


class TestWithoutPersonalDetails:
    @given(CHINESE, MOBILES, CHINESE)
    def test_a_mobile_number_in_chinese_text_is_removed(self, before: str, number: str, after: str) -> None:
        assert number not in without_personal_details(before + number + after)

    @pytest.mark.parametrize(
        "detail",
        ["138-0013-8000", "138 0013 8000", "0999-5550101", "wang@example.com", "粤A12345", "京AD12345"],
    )
    def test_other_ways_to_reach_or_recognise_a_person_are_removed(self, detail: str) -> None:
        assert detail not in without_personal_details(f"联系我：{detail}谢谢")

    @given(st.text(max_size=200))
    def test_never_raises_and_is_stable(self, text: str) -> None:
        once = without_personal_details(text)
        assert without_personal_details(once) == once


class TestMaskContact:
    @given(MOBILES)
    def test_a_mobile_number_keeps_its_first_three_and_last_four_digits(self, number: str) -> None:
        assert mask_contact(number) == f"{number[:3]}****{number[-4:]}"

    @pytest.mark.parametrize(
        ("contact", "masked"),
        [
            ("", ""),
            ("0999-5550101", "****0101"),
            ("wang.fang@example.com", "w***@example.com"),
            ("110", "****"),
        ],
    )
    def test_other_contacts_show_only_enough_to_recognise(self, contact: str, masked: str) -> None:
        assert mask_contact(contact) == masked

    @given(st.text(min_size=1, max_size=40).filter(lambda text: "@" not in text))
    def test_more_than_seven_characters_of_it_are_never_shown(self, contact: str) -> None:
        shown = mask_contact(contact).replace("*", "")
        assert len(shown) <= 7


class TestMaskName:
    @pytest.mark.parametrize(
        ("name", "masked"),
        [("", ""), ("王芳", "王*"), ("欧阳娜娜", "欧阳*"), ("王女士", "王*"), ("李", "李*")],
    )
    def test_only_the_surname_stays(self, name: str, masked: str) -> None:
        assert mask_name(name) == masked
