"""The word index against bm25s's own, the vector index against plain arithmetic, and updates of both."""

from __future__ import annotations

import bm25s
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.encoders import CountingEncoder

from qa_service.search.answer_types import Said, asked_types
from qa_service.search.dense import DenseIndex, texts_of, wordings
from qa_service.search.fusion import Asked, Ranked, Ranker, places_by_id
from qa_service.search.lexical import (
    K1,
    B,
    LexicalIndex,
    best_attainable,
    document_terms,
    field_terms,
    query_terms,
    score_counts,
)
from qa_service.search.scope import Scope, ScopeIndex
from qa_service.search.types import Document, Vectors
from qa_service.search.vectors import InMemoryVectorStore, fetch_vectors, vector_key
from qa_service.text.lexicon import Lexicon
from qa_service.text.normalise import normalise
from qa_service.text.segment import segment

from .conftest import make_library

LIBRARY = make_library()
ENCODER = CountingEncoder()
EMPTY = Lexicon.empty()
WHOLE = LexicalIndex.build(LIBRARY, EMPTY)


def vectors_of(documents: list[Document]) -> dict[str, Vectors]:
    wanted = [text for document in documents for text in texts_of(document)]
    return fetch_vectors(wanted, ENCODER, InMemoryVectorStore())


def terms_of(query: str, lexicon: Lexicon) -> list[str]:
    plain = normalise(query)
    return query_terms(plain, segment(plain, lexicon), lexicon)


def test_scores_are_those_of_bm25s(lexicon: Lexicon) -> None:
    documents = [Document(d.id, d.question, d.answer) for d in LIBRARY]
    corpus = [
        2 * field_terms(normalise(d.question), lexicon) + field_terms(normalise(d.answer), lexicon)
        for d in documents
    ]
    theirs = bm25s.BM25(method="lucene", k1=K1, b=B, backend="numpy")
    theirs.index(corpus, show_progress=False)
    index = LexicalIndex.build(documents, lexicon)
    for query in ("居住证要等多久", "房产证在哪里办", "护照需要多少钱"):
        terms = [t for t in terms_of(query, lexicon) if t in index.vocabulary]
        assert index.scores_of(terms) == pytest.approx(theirs.get_scores(terms), rel=1e-4, abs=1e-5)


def test_unknown_words_score_nothing(lexicon: Lexicon) -> None:
    index = LexicalIndex.build(LIBRARY, lexicon)
    assert not index.scores_of(["无此词", "xyzzy"]).any()
    assert not index.scores_of([]).any()
    assert best_attainable(index, []) == 0.0


def test_no_entry_reaches_what_is_attainable(lexicon: Lexicon) -> None:
    index = LexicalIndex.build(LIBRARY, lexicon)
    for document in LIBRARY[:10]:
        terms = terms_of(document.question, lexicon)
        assert 0 < index.scores_of(terms).max() < best_attainable(index, terms)


def test_a_synonym_finds_the_official_term(lexicon: Lexicon) -> None:
    index = LexicalIndex.build(LIBRARY, lexicon)
    best = int(index.scores_of(terms_of("房产证要等多久", lexicon)).argmax())
    assert LIBRARY[best].question == "不动产权证书要等多久？"


def test_score_of_counts_is_the_score_in_the_index(lexicon: Lexicon) -> None:
    index = LexicalIndex.build(LIBRARY, lexicon)
    terms = terms_of("工伤认定怎么申请", lexicon)
    scores = index.scores_of(terms)
    for number in (0, 7, 44, 59):
        expected = score_counts(index, document_terms(LIBRARY[number], lexicon), terms)
        assert float(scores[number]) == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_an_index_cut_with_other_words_is_one_built_with_them(lexicon: Lexicon) -> None:
    library = make_library()
    index = LexicalIndex.build(library, lexicon)
    other = lexicon.extended(["要等多久", "定认定"], [("咋办", "怎么办理")], ["麻烦问下"])
    differing = {word for word, _ in lexicon.words().items() ^ other.words().items()}
    recut, built = index.recut(library, differing, other), LexicalIndex.build(library, other)
    back = recut.recut(library, differing, lexicon)
    for query in ("房产证要等多久", "低保咋办", "工伤认定", *(d.question for d in library[:5])):
        expected = built.scores_of(terms_of(query, other))
        np.testing.assert_allclose(recut.scores_of(terms_of(query, other)), expected, rtol=1e-5)
        expected = index.scores_of(terms_of(query, lexicon))
        np.testing.assert_allclose(back.scores_of(terms_of(query, lexicon)), expected, rtol=1e-5)
    assert index.recut(library, {"无人用的词"}, other) is index


def test_many_phrasings_do_not_drown_the_question(lexicon: Lexicon) -> None:
    few = Document("a", "居住证怎么申请", "带身份证", ("办居住证",))
    many = Document("a", "居住证怎么申请", "带身份证", tuple(f"办居住证{n}" for n in range(50)))
    assert document_terms(many, lexicon)["居住证"] <= document_terms(few, lexicon)["居住证"] + 1


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(0, 59), min_size=1), st.sets(st.integers(0, 59), max_size=5))
def test_an_updated_index_is_one_built_anew(kept: set[int], added: set[int]) -> None:
    lexicon = EMPTY
    rows = sorted(kept)
    fresh = [Document(f"n{n}", LIBRARY[n].answer[:20], LIBRARY[n].question) for n in sorted(added)]
    after = [*(LIBRARY[n] for n in rows), *fresh]
    terms = terms_of("失业保险金要等多久", lexicon)
    updated = WHOLE.updated(rows, fresh, lexicon)
    assert updated.scores_of(terms) == pytest.approx(
        LexicalIndex.build(after, lexicon).scores_of(terms), rel=1e-5
    )
    vectors = vectors_of([*LIBRARY, *fresh])
    dense = DenseIndex.build(LIBRARY, vectors, ENCODER.dim).updated(rows, fresh, vectors)
    anew = DenseIndex.build(after, vectors, ENCODER.dim)
    assert np.array_equal(dense.rows, anew.rows)
    assert np.array_equal(dense.start, anew.start) and np.array_equal(dense.entry_of, anew.entry_of)
    assert np.array_equal(dense.both, anew.both)
    assert dense.covariance == pytest.approx(anew.covariance, abs=1e-5)


def test_a_row_is_the_weighted_sum_of_its_four_vectors() -> None:
    document = LIBRARY[0]
    vectors = vectors_of([document])
    index = DenseIndex.build([document], vectors, ENCODER.dim)
    plain = normalise(document.phrasings[1])
    whole, answer = f"{normalise(document.question)} {normalise(document.answer)}", normalise(document.answer)
    expected = (
        vectors[vector_key("query", plain)] + vectors[vector_key("passage", plain)]
        + vectors[vector_key("passage", whole)] + 0.5 * vectors[vector_key("passage", answer)]
    )  # fmt: skip
    assert index.rows[2] == pytest.approx(expected, abs=1e-6)
    assert [w.written for w in wordings(document)] == [document.question, *document.phrasings]


def test_search_and_spread_are_plain_arithmetic() -> None:
    index = DenseIndex.build(LIBRARY, vectors_of(LIBRARY), ENCODER.dim)
    query = ENCODER.encode_queries(["护照在哪里办"])[0]
    products = index.rows @ query
    assert set(index.search(query, 10)) == set(np.argsort(-products)[:10])
    mean, deviation = index.spread(query)
    assert mean == pytest.approx(products.mean(), rel=1e-4) and deviation == pytest.approx(
        products.std(), rel=1e-3
    )
    allowed = np.array([3, 50, 171], dtype=np.int64)
    assert set(index.search(query, 10, allowed)) == {3, 50, 171}
    rows = index.rows_of(np.array([5, 2], dtype=np.int64))
    assert rows.tolist() == [15, 16, 17, 6, 7, 8]


def test_an_entry_without_answer_or_question_still_has_a_row() -> None:
    odd = [Document("a", "没有答案的问题", ""), Document("b", "", "只有答案"), Document("c", "", "")]
    index = DenseIndex.build(odd, vectors_of(odd), ENCODER.dim)
    assert np.diff(index.start).tolist() == [1, 1, 1]


def test_ranking_scores_an_entry_by_its_best_wording(lexicon: Lexicon) -> None:
    ranker = Ranker(
        DenseIndex.build(LIBRARY, vectors_of(LIBRARY), ENCODER.dim),
        None,
        LexicalIndex.build(LIBRARY, lexicon),
        places_by_id([d.id for d in LIBRARY]),
        ScopeIndex.build(LIBRARY, lexicon),
    )
    assert ranker.dense is not None
    query = normalise("我想问下要等多久,护照的")
    vector, words = ENCODER.encode_queries([query])[0], ranker.lexical.scores_of(terms_of(query, lexicon))
    ranked = ranker.rank(Asked(vector), words)
    products = ranker.dense.rows @ vector
    for entry, row, score in zip(ranked.entries, ranked.rows, ranked.dense, strict=True):
        own = products[ranker.dense.start[entry] : ranker.dense.start[entry + 1]]
        assert score == pytest.approx(own.max(), abs=1e-4)
        assert products[row] == pytest.approx(own.max(), abs=1e-4)
    assert (np.diff(ranked.fused) <= 0).all()
    best = int(ranked.entries[0])
    hidden = ranker.rank(Asked(vector), words, hidden_rows=[int(ranked.rows[0])])
    assert float(hidden.dense[list(hidden.entries).index(best)]) < float(ranked.dense[0])
    mask = np.ones(len(LIBRARY), dtype=np.bool_)
    mask[best] = False
    assert best not in ranker.rank(Asked(vector), words, mask).entries
    for allowed in (None, mask, np.arange(len(LIBRARY)) % 9 == 0):
        once, twice = (
            ranker.rank(asked, words, allowed) for asked in (Asked(vector), ranker.near(Asked(vector)))
        )
        assert (once.entries == twice.entries).all() and (once.fused == twice.fused).all()


def test_an_answer_that_has_what_is_asked_for_comes_before_a_nearly_equal_one_that_lacks_it(
    lexicon: Lexicon,
) -> None:
    ranker = Ranker(
        None,
        None,
        LexicalIndex.build(LIBRARY[:3], lexicon),
        places_by_id([d.id for d in LIBRARY[:3]]),
        ScopeIndex.build(LIBRARY[:3], lexicon),
    )
    zero = np.zeros(3, np.float32)
    scores = np.array([9.0, 8.8, 3.0], np.float32)
    ranked = Ranked(np.arange(3), np.full(3, -1), zero, zero, zero, zero, scores)
    answers = ["由本地规定。", "一共98天。", "每年15天。"]

    def order(question: str, held: list[str]) -> list[int]:
        found = ranker.preferring(
            ranked, asked_types(question), Scope(), lambda number: Said("", held[number])
        )
        return found.entries.tolist()

    assert order("产假有几天", answers) == [1, 0, 2], "not the far third, though it names days too"
    assert order("产假找谁批", answers) == [0, 1, 2], "no kind is asked for"
    assert order("产假有几天", ["由本地规定。"] * 3) == [0, 1, 2], "all lack it"


def test_vectors_are_encoded_once_and_only_when_missing() -> None:
    encoder, store = CountingEncoder(), InMemoryVectorStore()
    wanted = [("query", "甲"), ("passage", "甲"), ("query", "乙"), ("query", "甲")]
    first = fetch_vectors(wanted, encoder, store)
    assert len(first) == 3 and sorted(encoder.seen) == ["乙", "甲", "甲"]
    encoder.seen.clear()
    fetch_vectors([*wanted, ("query", "丙")], encoder, store)
    assert encoder.seen == ["丙"]
    other = CountingEncoder("other")
    fetch_vectors([("query", "甲")], other, store)
    assert other.seen == ["甲"]
