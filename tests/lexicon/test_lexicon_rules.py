"""What may be added to the lexicon, and what the words that are there make of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.lexicon.rules import (
    BUNDLED,
    LONGEST,
    Kind,
    Known,
    Word,
    bundled_words,
    contradiction,
    faults_of,
    lexicon_with,
)
from qa_service.text.lexicon import Lexicon
from qa_service.text.normalise import normalise
from qa_service.text.segment import segment

LEXICON = Lexicon({"综合窗口": 2000}, {"低保": ("最低生活保障", "低保待遇")}, ["请问"])
KNOWN = Known.of(LEXICON, [(Word(Kind.SYNONYM, "房本儿", "不动产权证书"), "窗口甲添加")])


class TestFields:
    @pytest.mark.parametrize(
        ("kind", "said", "official", "field", "fault"),
        [
            (Kind.TERM, "  ", "", "said", "不能为空"),
            (Kind.TERM, "青禾 一网通", "", "said", "空格"),
            (Kind.TERM, "长" * 33, "", "said", "最多 32 字"),
            (Kind.TERM, "？！", "", "said", "标点"),
            (Kind.TERM, "教育、医疗", "", "said", "标点"),
            (Kind.TERM, "一网通", "多余", "official", "没有规范用语"),
            (Kind.SYNONYM, "房本", "", "official", "不能为空"),
            (Kind.SYNONYM, "房本", "房　本", "official", "空格"),
            (Kind.SYNONYM, "身份證", "身份证", "official", "相同"),
        ],
    )
    def test_a_fault_is_named(self, kind: Kind, said: str, official: str, field: str, fault: str) -> None:
        _, faults = faults_of(kind, said, official)
        assert list(faults) == [field] and fault in faults[field]

    def test_words_are_kept_in_normal_form(self) -> None:
        word, faults = faults_of(Kind.SYNONYM, " 房產證 ", "不動產權證書ＡＢ")
        assert word == Word(Kind.SYNONYM, "房产证", "不动产权证书ab") and not faults

    @given(st.sampled_from(list(Kind)), st.text(max_size=40), st.text(max_size=40))
    def test_what_has_no_fault_fits_the_table(self, kind: Kind, said: str, official: str) -> None:
        word, faults = faults_of(kind, said, official)
        if not faults:
            assert all(0 < len(part) <= LONGEST and normalise(part) == part for part in word.parts)
            assert bool(word.official) is (kind is Kind.SYNONYM)


class TestContradictions:
    @pytest.mark.parametrize(
        ("word", "field", "said"),
        [
            (Word(Kind.TERM, "综合窗口"), "said", BUNDLED),
            (Word(Kind.SYNONYM, "低保", "低保待遇"), "said", BUNDLED),
            (Word(Kind.SYNONYM, "房本儿", "不动产权证书"), "said", "窗口甲添加"),
            (Word(Kind.STOP_WORD, "请问"), "said", BUNDLED),
            (Word(Kind.STOP_WORD, "综合窗口"), "said", "结巴词条“综合窗口”"),
            (Word(Kind.STOP_WORD, "最低生活保障"), "said", "不能当作虚词"),
            (Word(Kind.STOP_WORD, "不动产权证书"), "said", "窗口甲添加"),
            (Word(Kind.TERM, "请问"), "said", "是提问虚词"),
            (Word(Kind.SYNONYM, "咨询", "请问"), "official", "是提问虚词"),
            (Word(Kind.TERM, "房本儿"), "said", "不必再加"),
            (Word(Kind.SYNONYM, "吃低保", "低保"), "official", "规范用语是“最低生活保障”"),
            (Word(Kind.SYNONYM, "低保待遇", "救助金"), "said", "本身是规范用语"),
        ],
    )
    def test_is_refused_and_located(self, word: Word, field: str, said: str) -> None:
        found = contradiction(word, KNOWN)
        assert found is not None
        assert found[0] == field and said in found[1]

    @pytest.mark.parametrize(
        "word",
        [
            Word(Kind.SYNONYM, "低保", "社会救助"), Word(Kind.SYNONYM, "房本儿", "不动产登记证明"),
            Word(Kind.SYNONYM, "大厅", "综合窗口"), Word(Kind.TERM, "一网通"), Word(Kind.STOP_WORD, "麻烦问下"),
        ],
    )  # fmt: skip
    def test_a_new_word_may_stand(self, word: Word) -> None:
        assert contradiction(word, KNOWN) is None

    def test_the_bundled_words_do_not_contradict_each_other(self, lexicon: Lexicon) -> None:
        words = bundled_words(lexicon)
        for word in words[::37]:
            known = Known({other: BUNDLED for other in words if other != word})
            found = contradiction(word, known)
            # A bundled term may also be the official term of a synonym: that one is merely not needed.
            assert found is None or "不必再加" in found[1], word


class TestLexiconWith:
    def test_one_word_more_and_the_old_one_as_it_was(self) -> None:
        before = LEXICON.fingerprint
        made = lexicon_with(LEXICON, Word(Kind.TERM, "青禾一网通"))
        assert "青禾一网通" in segment("青禾一网通怎么登录", made)
        assert "青禾一网通" not in segment("青禾一网通怎么登录", LEXICON)
        assert LEXICON.fingerprint == before != made.fingerprint
        made = lexicon_with(LEXICON, Word(Kind.SYNONYM, "低保", "社会救助"))
        assert made.synonyms["低保"] == ("最低生活保障", "低保待遇", "社会救助")
        assert lexicon_with(LEXICON, Word(Kind.STOP_WORD, "劳驾")).stop_words == {"请问", "劳驾"}

    def test_what_is_there_already_changes_nothing(self) -> None:
        for word in bundled_words(LEXICON):
            assert lexicon_with(LEXICON, word).fingerprint == LEXICON.fingerprint
