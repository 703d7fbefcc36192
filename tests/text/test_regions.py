"""Regions named in a text, and how an entry's region bears on a question."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.settings import PROJECT
from qa_service.text.lexicon import Lexicon, LexiconError
from qa_service.text.normalise import normalise
from qa_service.text.regions import (
    Bearing,
    Gazetteer,
    Mention,
    Mentions,
    bearing,
    home_of,
    place_in,
    without_home,
)

LEXICON = Lexicon.load(PROJECT / "corpus" / "lexicon")


def named(text: str) -> Mentions:
    return LEXICON.regions.mentions(normalise(text), LEXICON.segmenter.plain)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("苏州公积金怎么提取", ["苏州"]),
        ("北京市朝阳区的社保大厅在哪", ["北京市", "朝阳区"]),
        ("从武汉回北京要隔离几天", ["武汉", "北京"]),
        ("內蒙古自治區的補貼", ["内蒙古自治区"]),
        ("新疆伊犁怎么办边境证", ["新疆", "伊犁"]),
        ("来宾馆住几天要登记吗", []),
        ("日照时间不够能不能投诉楼盘", []),
        ("和平分手的协议书怎么写", []),
        ("青禾县的居住证怎么办", []),
        ("", []),
    ],
)
def test_names(text: str, names: list[str]) -> None:
    assert [mention.name for mention in named(text)] == names


def test_a_name_of_several_regions_is_settled_by_what_holds_it() -> None:
    beijing, chaoyang = named("北京市朝阳区")
    assert beijing.codes == {"11"} and chaoyang.codes == {"110105"}
    assert len(named("朝阳区的幼儿园")[0].codes) > 1


@pytest.mark.parametrize(
    ("question", "entry", "expected"),
    [
        ("苏州怎么提公积金", "苏州市住房公积金提取条件", Bearing.SAME),
        ("昆明怎么提公积金", "云南省住房公积金提取条件", Bearing.SAME),
        ("苏州怎么提公积金", "泉州市住房公积金提取条件", Bearing.ELSEWHERE),
        ("从武汉回北京要隔离吗", "北京市对返京人员的要求", Bearing.SAME),
        ("云南怎么提公积金", "昆明市住房公积金提取条件", Bearing.UNSAID),
        ("苏州怎么提公积金", "住房公积金提取条件", Bearing.UNSAID),
        ("怎么提公积金", "泉州市住房公积金提取条件", Bearing.UNASKED),
        ("怎么提公积金", "住房公积金提取条件", Bearing.SAME),
    ],
)
def test_bearing(question: str, entry: str, expected: Bearing) -> None:
    assert bearing(named(question), named(entry)) is expected


def test_what_the_whole_library_is_about_need_not_be_named() -> None:
    entries = [
        named(text) for text in ("泉州市低保标准", "泉州鲤城区户籍", "泉州的公积金", "居住证", "北京市限行")
    ]
    home = home_of(entries)
    assert home == {"35", "3505"}
    assert bearing(named("低保多少钱"), entries[0], home) is Bearing.SAME
    assert bearing(named("泉州低保多少钱"), named("低保标准"), home) is Bearing.SAME
    # But who names another place is not answered from here, and another place's entry is not for here.
    assert bearing(named("苏州低保多少钱"), entries[0], home) is Bearing.ELSEWHERE
    assert bearing(named("限行怎么规定"), entries[4], home) is Bearing.UNASKED


def test_a_place_without_a_code_goes_by_its_zones_path() -> None:
    zones = (("青禾县政务公开专区", "/QH01/"), ("柳湾镇政务公开专区", "/QH01/QH02/"), ("大厅", "/QH01/X/"))
    places = [(place, path, False) for name, path in zones if (place := place_in(name))]
    assert [place for place, *_ in places] == ["青禾县", "柳湾镇"]
    lexicon = LEXICON.extended((), (), (), places)

    def known(text: str) -> Mentions:
        return lexicon.regions.mentions(normalise(text), lexicon.segmenter.plain)

    county = known("青禾县公安局")
    assert home_of([county, county, known("柳湾镇人民政府")]) == {"/QH01/"}
    assert bearing(known("柳湾镇怎么办居住证"), county) is Bearing.SAME
    assert bearing(known("青禾县怎么办居住证"), known("柳湾镇")) is Bearing.UNSAID
    assert bearing(known("北京怎么办居住证"), county) is Bearing.ELSEWHERE
    assert lexicon.fingerprint != LEXICON.fingerprint
    assert LEXICON.extended((), (), (), ()).fingerprint == LEXICON.fingerprint


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("泉州的居住证去哪办", "居住证去哪办"),
        ("居住证 泉州市 去哪办", "居住证 去哪办"),
        ("苏州的居住证去哪办", "苏州的居住证去哪办"),
        ("福建居住证", "居住证"),
        ("泉州", "泉州"),
        ("泉州市民卡去哪办", "泉州市民卡去哪办"),
        ("泉州市场监管局在哪", "泉州市场监管局在哪"),
        ("在泉州怎么办居住证", "在 怎么办居住证"),
        ("居住证去哪办", "居住证去哪办"),
    ],
)
def test_nobody_needs_to_name_what_the_library_is_about(text: str, rest: str) -> None:
    home = home_of([named("泉州市公安局")])
    assert without_home(text, named(text), home) == rest


CODES = st.sampled_from(["11", "110105", "32", "3205", "320505", "35", "3505"])
MENTIONS = st.lists(st.frozensets(CODES, min_size=1, max_size=2), max_size=3)


@given(MENTIONS, MENTIONS, st.frozensets(CODES, max_size=2))
def test_bearing_is_the_same_in_any_order_and_with_repetition(
    asked: list[frozenset[str]], said: list[frozenset[str]], home: frozenset[str]
) -> None:
    def mentions(codes: list[frozenset[str]]) -> Mentions:
        return tuple(Mention("某地", one) for one in codes)

    found = bearing(mentions(asked), mentions(said), home)
    assert bearing(mentions(asked[::-1]), mentions(said + said), home) is found
    apart = all(
        not (a.startswith(b) or b.startswith(a)) for x, y in product(asked, said) for a in x for b in y
    )
    assert (found is Bearing.ELSEWHERE) == bool(asked and said and apart)


def test_every_line_of_the_bundled_file_is_a_region_within_a_region() -> None:
    names = LEXICON.regions.names
    codes = {code for _, code, _ in names}
    assert len(codes) > 3000
    for name, code, _ in names:
        assert code[:2] + "0000" in codes and len(name) >= 2


@pytest.mark.parametrize("line", ["3205\t苏州市\t苏州", "abcdef\t苏州市", "320500", "320500\t市"])
def test_a_line_that_is_no_region_is_named(tmp_path_factory: pytest.TempPathFactory, line: str) -> None:
    folder = tmp_path_factory.mktemp("lexicon")
    (folder / "regions.tsv").write_text(f"# 说明\n{line}\n", "utf-8")
    with pytest.raises(LexiconError, match=r"regions.tsv 第 2 行.*六位区划代码"):
        Lexicon.load(folder)


def test_without_names_nothing_is_found() -> None:
    assert Gazetteer().mentions("苏州市", lambda text: [text]) == ()
