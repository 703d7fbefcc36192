"""Questions that name a region or a year, and entries of one: what is found first, what is answered outright."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from support.encoders import CountingEncoder

from qa_service.search.answer_types import Said
from qa_service.search.engine import Engine
from qa_service.search.fusion import Ranked, Ranker, places_by_id
from qa_service.search.lexical import LexicalIndex
from qa_service.search.scope import ScopeIndex, scope_of
from qa_service.search.types import Decision, Document, Filters
from qa_service.settings import PROJECT
from qa_service.text.lexicon import Lexicon
from qa_service.text.regions import Bearing

LEXICON = Lexicon.load(PROJECT / "corpus" / "lexicon")
MATTERS = {
    "租房提取": "租房提取公积金需要什么材料",
    "异地转移": "公积金异地转移怎么办理",
    "提前还贷": "公积金贷款可以提前还款吗",
}
CITIES = ("泉州市", "苏州市", "昆明市", "")


def entry(city: str, matter: str, issuer: str = "") -> Document:
    return Document(
        f"{city or '全国'}-{matter}",
        f"{city}{MATTERS[matter]}？",
        f"{city}{matter}：按规定办理，携带身份证。",
        issuer=issuer,
    )


LIBRARY = [entry(city, matter) for city in CITIES for matter in MATTERS]


@pytest.fixture(scope="module")
def several(token_dim: int) -> Engine:
    return Engine.build(LIBRARY, CountingEncoder(token_dim=token_dim), LEXICON)


@pytest.mark.parametrize(
    ("question", "order"),
    [
        # By vectors and words Quanzhou was .4 before the others, as they stand here.
        ("苏州租房提取公积金要带什么", ["苏州市", "", "泉州市", "昆明市"]),
        ("云南租房提取公积金要带什么", ["昆明市", "", "泉州市", "苏州市"]),
        ("租房提取公积金要带什么", ["", "泉州市", "苏州市", "昆明市"]),
    ],
)
def test_of_nearly_equal_entries_that_of_the_place_comes_first(question: str, order: list[str]) -> None:
    entries = [entry(city, "租房提取") for city in ("泉州市", "苏州市", "昆明市", "")]
    ranker = Ranker(
        None, None, LexicalIndex.build(entries, LEXICON), places_by_id([d.id for d in entries]),
        ScopeIndex.build(entries, LEXICON),
    )  # fmt: skip
    zero = np.zeros(4, np.float32)
    scores = np.array([9.0, 8.6, 8.59, 8.58], np.float32)
    ranked = Ranked(np.arange(4), np.full(4, -1), zero, zero, zero, zero, scores)
    found = ranker.preferring(ranked, (), scope_of(question, LEXICON), lambda number: Said("", ""))
    assert [("泉州市", "苏州市", "昆明市", "")[number] for number in found.entries] == order


def test_what_names_suzhou_is_never_answered_from_quanzhou(token_dim: int) -> None:
    quanzhou = [entry("泉州市", matter) for matter in MATTERS]
    engine = Engine.build(quanzhou, CountingEncoder(token_dim=token_dim), LEXICON)
    for city, bearing in (("苏州", Bearing.ELSEWHERE), ("泉州", Bearing.SAME)):
        outcome = engine.ask(f"{city}市租房提取公积金需要什么材料")
        assert (outcome.hits[0].bearing, outcome.regions) == (bearing, (f"{city}市",))
        assert outcome.hits[0].regions == ("泉州市",)
        if bearing is Bearing.ELSEWHERE:
            assert outcome.decision is not Decision.ANSWER


def test_an_entry_that_names_no_place_is_of_its_issuers(token_dim: int) -> None:
    own = [entry("", matter, "泉州市住房公积金管理中心") for matter in MATTERS]
    engine = Engine.build(own, CountingEncoder(token_dim=token_dim), LEXICON)
    elsewhere, unnamed = (engine.ask(f"{city}租房提取公积金需要什么材料") for city in ("苏州", ""))
    assert elsewhere.hits[0].bearing is Bearing.ELSEWHERE and elsewhere.decision is not Decision.ANSWER
    # All are of Quanzhou here: nobody needs to say so.
    assert unnamed.hits[0].bearing is Bearing.SAME and unnamed.decision is Decision.ANSWER


def test_what_names_beijing_is_not_answered_outright_by_a_county_that_no_list_has(token_dim: int) -> None:
    own = [entry("", matter, "青禾县住房公积金管理部") for matter in MATTERS]
    engine = Engine.build(own, CountingEncoder(token_dim=token_dim), LEXICON)
    question = "租房提取公积金需要什么材料"
    beijing, qinghe, unnamed = (engine.ask(place + question) for place in ("北京的", "青禾县", ""))
    assert beijing.hits[0].bearing is Bearing.UNSAID and beijing.decision is Decision.CHOOSE
    assert unnamed.decision is Decision.ANSWER and qinghe.regions == ()


def test_who_names_the_librarys_own_region_is_not_told_that_an_entry_is_of_none(token_dim: int) -> None:
    library = [entry("泉州市", matter) for matter in ("租房提取", "异地转移")] + [entry("", "提前还贷")]
    engine = Engine.build(library, CountingEncoder(token_dim=token_dim), LEXICON)
    for city, bearing in (("泉州", Bearing.SAME), ("苏州", Bearing.UNSAID)):
        hit = engine.ask(f"{city}公积金贷款可以提前还款吗").hits[0]
        assert (hit.id, hit.bearing) == ("全国-提前还贷", bearing)


def test_what_names_a_year_is_not_answered_from_another(token_dim: int) -> None:
    years = [
        Document(f"{year}", f"{year}年度高龄津贴发放标准是多少？", f"每月{year}元。") for year in (2022, 2024)
    ]
    engine = Engine.build(years, CountingEncoder(token_dim=token_dim), LEXICON)
    today = Filters(on=date(2025, 3, 1))
    for question, first, decision in (
        ("2024年度高龄津贴发放标准是多少", "2024", Decision.ANSWER),
        ("二〇二二年度高龄津贴发放标准", "2022", None),
        ("去年高龄津贴发放标准是多少", "2024", None),
    ):
        outcome = engine.ask(question, today)
        assert (outcome.hits[0].id, outcome.hits[0].bearing) == (first, Bearing.SAME)
        assert decision in (None, outcome.decision)
    for question in ("2023年度高龄津贴发放标准是多少", "今年高龄津贴发放标准是多少"):
        outcome = engine.ask(question, today)
        assert {hit.bearing for hit in outcome.hits} == {Bearing.OTHER_YEAR}
        assert outcome.decision is not Decision.ANSWER
    assert {hit.bearing for hit in engine.ask("高龄津贴发放标准", today).hits} == {Bearing.SAME}


def test_an_index_kept_up_to_date_is_one_built_anew(several: Engine, token_dim: int, tmp_path: Path) -> None:
    encoder = CountingEncoder(token_dim=token_dim)
    built = ScopeIndex.build(LIBRARY, LEXICON)
    assert built.updated([0, 2], LIBRARY[5:7], LEXICON) == ScopeIndex.build(
        [LIBRARY[n] for n in (0, 2, 5, 6)], LEXICON
    )
    several.save(tmp_path / "index")
    loaded = Engine.load(tmp_path / "index", encoder, LEXICON)
    question = "苏州租房提取公积金要带什么材料"
    assert loaded.ask(question).hits == several.ask(question).hits
    # Without names of regions there is nothing to tell the entries apart by but the words.
    plain = several.with_lexicon(Lexicon())
    assert {hit.bearing for hit in plain.ask(question).hits} == {Bearing.SAME}
    assert plain.with_lexicon(LEXICON).ask(question).hits[0].id == "苏州市-租房提取"
