"""Lexicon, segmentation, pinyin and highlighting."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qa_service.text.highlight import highlight, highlight_terms, merge
from qa_service.text.lexicon import Lexicon, LexiconError
from qa_service.text.normalise import normalise
from qa_service.text.pinyin import pinyin_of
from qa_service.text.segment import bigrams, segment, set_cache_folder

EMPTY = Lexicon.empty()


def test_a_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "terms.txt").write_text("# 词\n首问负责制 900 n\n一次性告知\n\n", "utf-8")
    (tmp_path / "synonyms.tsv").write_text(
        "低保\t最低生活保障\n低保\t低保待遇\n房產證\t不动产权证书\n", "utf-8"
    )
    (tmp_path / "stopwords.txt").write_text("请问\n", "utf-8")
    lexicon = Lexicon.load(tmp_path)
    assert lexicon.terms == {"首问负责制": 900, "一次性告知": None}
    assert lexicon.synonyms == {"低保": ("最低生活保障", "低保待遇"), "房产证": ("不动产权证书",)}
    assert lexicon.stop_words == {"请问"}
    assert "首问负责制" in segment("什么是首问负责制", lexicon)
    assert lexicon.fingerprint != EMPTY.fingerprint
    assert lexicon.fingerprint == Lexicon.load(tmp_path).fingerprint


def test_an_empty_folder_is_an_empty_lexicon(tmp_path: Path) -> None:
    assert Lexicon.load(tmp_path).fingerprint == EMPTY.fingerprint


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("synonyms.tsv", "低保 最低生活保障\n".encode(), "synonyms.tsv 第 1 行"),
        ("terms.txt", "# 注\n首问负责制 很多 n\n".encode(), "terms.txt 第 2 行"),
        ("stopwords.txt", "请问".encode("gbk"), "UTF-8"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(LexiconError, match=message):
        Lexicon.load(tmp_path)


def test_officials_are_those_the_text_does_not_already_say() -> None:
    lexicon = Lexicon(synonyms={"低保": ("最低生活保障",), "低保户": ("低保对象",)})
    assert lexicon.officials_in("低保户怎么申请") == (("低保户", "低保对象"), ("低保", "最低生活保障"))
    assert lexicon.officials_in("低保就是最低生活保障") == ()


def test_an_extended_lexicon_knows_more_and_the_old_one_stays() -> None:
    lexicon = Lexicon({"综合窗口": 900}, {"低保": ("最低生活保障",)}, ["请问"])
    print_before = lexicon.fingerprint
    made = lexicon.extended(
        ["一网通", "综合窗口"], [("低保", "低保待遇"), ("房本", "不动产权证书")], ["劳驾"]
    )
    assert made.terms == {"综合窗口": 900, "一网通": None}
    assert made.synonyms == {"低保": ("最低生活保障", "低保待遇"), "房本": ("不动产权证书",)}
    assert made.stop_words == {"请问", "劳驾"}
    assert lexicon.fingerprint == print_before != made.fingerprint
    assert lexicon.extended([], [], []).fingerprint == print_before
    assert made.words() == {
        "综合窗口": 900, "一网通": None, "低保": None, "最低生活保障": None, "低保待遇": None, "房本": None,
        "不动产权证书": None,
    }  # fmt: skip
    whole, text = "劳动能力鉴定表", "劳动能力鉴定表在哪里领"
    assert whole in segment(text, lexicon.extended([whole], [], [])) and whole not in segment(text, lexicon)


def test_words_leave_punctuation_out_and_bring_parts_of_long_words() -> None:
    words = segment("中华人民共和国,政府信息公开!", EMPTY)
    assert {"中华", "人民", "共和国", "中华人民共和国"} <= set(words)
    assert not {",", "!"} & set(words)


def test_segmentation_is_the_same_from_many_threads(tmp_path: Path) -> None:
    set_cache_folder(tmp_path / "cache")
    lexicon = Lexicon({"综合窗口": None})
    texts = [f"第{n}个人在综合窗口办理居住证" for n in range(40)]
    with ThreadPoolExecutor(4) as pool:
        threaded = list(pool.map(lambda text: segment(text, lexicon), texts))
    assert threaded == [segment(text, lexicon) for text in texts]
    assert list((tmp_path / "cache").iterdir())


def test_bigrams_stay_within_runs_of_ideographs() -> None:
    assert bigrams("办证abc要钱吗,是") == ["办证", "要钱", "钱吗", "是"]
    assert bigrams("abc 123") == []


@pytest.mark.parametrize(
    ("text", "syllables", "initials"),
    [
        ("社保卡", "SheBaoKa", "sbk"),
        ("办理a1证", "BanLiA1Zheng", "bla1z"),
        ("旅行", "LvXing", "lx"),
        ("?", "", ""),
    ],
)
def test_pinyin(text: str, syllables: str, initials: str) -> None:
    found = pinyin_of(text)
    assert (found.syllables, found.initials) == (syllables, initials)


def test_highlights_show_words_and_official_terms_in_the_text_as_written() -> None:
    lexicon = Lexicon({"不动产权证书": None}, {"房产证": ("不动产权证书",)}, ["怎么"])
    query = "房产证怎么补办"
    terms = highlight_terms(query, segment(query, lexicon), lexicon)
    text = "不動產權證書遺失後，補辦要多久？"
    ranges, matched = highlight(text, terms)
    assert [text[start:end] for start, end in ranges] == ["不動產權證書", "補辦"]
    assert ("房产证", "不动产权证书") in matched and ("补办", "补办") in matched
    assert all(said != "怎么" for said, _ in matched)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 9)).map(lambda p: (p[0], p[0] + p[1]))))
def test_merged_ranges_cover_the_same_and_do_not_touch(ranges: list[tuple[int, int]]) -> None:
    merged = merge(ranges)
    assert {n for s, e in merged for n in range(s, e)} == {n for s, e in ranges for n in range(s, e)}
    assert all(before[1] < after[0] for before, after in pairwise(merged))


@settings(max_examples=60)
@given(st.text(max_size=40), st.text(max_size=20))
def test_highlights_lie_within_any_text(text: str, query: str) -> None:
    plain = normalise(query)
    ranges, _ = highlight(text, highlight_terms(plain, segment(plain, EMPTY), EMPTY))
    assert all(0 <= start < end <= len(text) for start, end in ranges)
