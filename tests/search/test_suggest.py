"""Suggestions: every match is found as plain string search finds it, and stands where it should."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_service.search.dense import wordings
from qa_service.search.engine import Engine
from qa_service.search.suggest import LONGEST_PHRASING, SuggestIndex
from qa_service.search.types import Document, Filters
from qa_service.text.lexicon import Lexicon
from qa_service.text.normalise import normalise
from qa_service.text.pinyin import pinyin_of

# Few characters, so that parts repeat: polyphones, one outside the basic plane, letters, digits, marks.
TEXTS = st.text(alphabet="社保卡重庆银行𠮷a1 ，？", max_size=30)


def index_of(*entries: tuple[str, ...]) -> SuggestIndex:
    documents = [Document(f"e{n}", first, "", rest) for n, (first, *rest) in enumerate(entries)]
    return SuggestIndex.build([d.id for d in documents], [wordings(d) for d in documents])


def expected(entries: list[list[str]], typed: str) -> set[str]:
    """Ids of the entries that have a wording on offer with a match, by plain search."""
    wanted = normalise(typed)
    letters = wanted.replace(" ", "")
    found = set()
    for number, (first, *rest) in enumerate(entries):
        for place, wording in enumerate(wordings(Document("", first, "", tuple(rest)))):
            if place and len(wording.written) > LONGEST_PHRASING:
                continue
            pinyin = pinyin_of(wording.normal)
            heads = [n for n, char in enumerate(pinyin.syllables) if not char.islower()]
            by_letters = letters.isascii() and letters.isalnum() and (
                any(pinyin.syllables.lower().startswith(letters, n) for n in heads) or letters in pinyin.initials
            )  # fmt: skip
            if wanted and (wanted in wording.normal or by_letters):
                found.add(f"e{number}")
    return found


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(TEXTS, min_size=1, max_size=3), max_size=6), st.data())
def test_all_matches_are_found_and_nothing_else(entries: list[list[str]], data: st.DataObject) -> None:
    index = index_of(*(tuple(entry) for entry in entries))
    every = [text for entry in entries for text in entry]
    typed = data.draw(TEXTS | st.text(alphabet="bcghkqsxyaeiou1", max_size=12))
    if every and data.draw(st.booleans()):
        source = data.draw(st.sampled_from(every))
        forms = (
            source,
            pinyin_of(normalise(source)).syllables.lower(),
            pinyin_of(normalise(source)).initials,
        )
        form = data.draw(st.sampled_from(forms))
        start = data.draw(st.integers(0, len(form)))
        typed = form[start : start + data.draw(st.integers(0, 40))]
    found = index.suggest(typed, 20)
    assert {s.entry_id for s in found} == expected(entries, typed)
    assert len({s.entry_id for s in found}) == len(found)


def test_the_most_used_entries_come_first_among_those_that_begin_alike() -> None:
    index = index_of(("社保卡怎么办？",), ("社保卡丢了怎么办？",), ("社保补缴",), ("怎么查社保？",))
    heat = np.array([0, 3, 7, 99], dtype=np.int64)
    assert [s.entry_id for s in index.suggest("社保", 8, heat)] == ["e2", "e1", "e0", "e3"]
    assert [s.entry_id for s in index.suggest("社保", 8)] == ["e2", "e0", "e1", "e3"]
    assert [s.entry_id for s in index.suggest("sb", 2, heat)] == ["e2", "e1"]
    assert [s.entry_id for s in index.suggest("she", 1, heat)] == ["e2"]


def test_the_most_used_is_found_among_thousands() -> None:
    index = index_of(*((f"办理第{n}号事项的流程", f"办理{n}怎么弄", f"办理{n}找谁") for n in range(3000)))
    heat = np.zeros(3000, dtype=np.int64)
    heat[[17, 2718]] = 5, 9
    for typed in ("办", "办理", "b", "banli", "bl"):
        assert [s.entry_id for s in index.suggest(typed, 3, heat)][:2] == ["e2718", "e17"]


def test_a_standard_question_comes_before_phrasings_of_its_entry() -> None:
    index = index_of(("社保卡丢失后怎样申请补办？", "社保卡没了", "社保卡丢了"))
    assert [s.text for s in index.suggest("社保卡", 8)] == ["社保卡丢失后怎样申请补办？"]
    assert [s.text for s in index.suggest("社保卡没", 8)] == ["社保卡没了"]


def test_long_phrasings_are_not_offered_but_long_questions_are() -> None:
    longest, longer = "社" * LONGEST_PHRASING, "保" * (LONGEST_PHRASING + 1)
    index = index_of(("问" * 100, longest, longer))
    assert [s.text for s in index.suggest("社", 8)] == [longest]
    assert index.suggest("保", 8) == []
    assert [s.text for s in index.suggest("问问", 8)] == ["问" * 100]


def test_text_beyond_what_is_sorted_by_still_counts() -> None:
    index = index_of(("社会保障卡丢失补办",), ("社会保障卡丢失挂失",))
    assert [s.entry_id for s in index.suggest("社会保障卡丢失挂", 8)] == ["e1"]
    assert [s.entry_id for s in index.suggest("保障卡丢失补", 8)] == ["e0"]
    assert [s.entry_id for s in index.suggest("shehuibaozhangkadiushigua", 8)] == ["e1"]
    assert index.suggest("社会保障卡丢失补办找谁", 8) == []


@pytest.mark.parametrize(
    "typed", ["", " ", "？", "\n", "ab\ncd", "\0", "\ud800", "社" * 500, "a" * 500, "𠮷"]
)
def test_anything_may_be_typed(typed: str) -> None:
    for index in (index_of(), index_of(("社保卡",), ("",))):
        assert index.suggest(typed, 8, np.zeros(2, dtype=np.int64)) == []


def test_the_engine_takes_counts_by_id_and_offers_what_is_permitted() -> None:
    documents = [
        Document("a", "社保卡怎么办？", "甲", effective_to=date(2026, 1, 31)),
        Document("b", "社保卡丢了怎么办？", "乙"),
        Document("c", "社保卡去哪里激活？", "丙"),
    ]
    engine = Engine.build(documents, None, Lexicon.empty())
    heat = {"c": 2, "a": 5, "gone": 100}
    today, later = Filters(on=date(2026, 1, 31)), Filters(on=date(2026, 2, 1))
    assert [s.entry_id for s in engine.suggest("社保", 8, today, heat)] == ["a", "c", "b"]
    assert [s.entry_id for s in engine.suggest("社保", 8, later, heat)] == ["c", "b"]
    assert [s.entry_id for s in engine.suggest("社保", 8, later, {"b": 3})] == ["b", "c"]
    assert [s.entry_id for s in engine.suggest("社保", 8)] == ["a", "b", "c"]
    changed = engine.updated([Document("d", "社保卡挂失", "丁")], ["b"], None, None)
    assert [s.entry_id for s in changed.suggest("社保", 8, later, heat)] == ["c", "d"]
