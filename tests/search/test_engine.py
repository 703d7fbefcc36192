"""The engine as its callers see it."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from support.encoders import CountingEncoder

from qa_service.search.engine import Engine
from qa_service.search.errors import EncoderMismatch, IndexDamaged
from qa_service.search.storage import put_in_place
from qa_service.search.types import Decision, Document, Filters
from qa_service.search.vectors import InMemoryVectorStore
from qa_service.text.lexicon import Lexicon

from .conftest import ASPECTS, SUBJECTS, make_library

DAY = date(2025, 3, 1)
QUESTIONS = [
    "护照多久能拿到",
    "房产证在哪办",
    "低保要花钱吗",
    "居住证需要多少钱？",
    "生育津贴",
    "工伤认定 怎么申请",
]


@pytest.fixture(scope="module")
def engine(lexicon: Lexicon, token_dim: int) -> Engine:
    return Engine.build(make_library(), CountingEncoder(token_dim=token_dim), lexicon)


def test_every_wording_finds_its_entry_first(engine: Engine, library: list[Document]) -> None:
    for document in library:
        for text in (document.question, *document.phrasings, document.question.replace("？", " ?!")):
            outcome = engine.ask(text)
            assert outcome.hits[0].id == document.id
            assert outcome.hits[0].score == 1.0 and outcome.hits[0].parts["exact"] == 1.0
            assert outcome.decision is Decision.ANSWER and outcome.confidence >= 0.95
    assert engine.ask(library[5].phrasings[1]).hits[0].matched_phrasing == library[5].phrasings[1]


def test_hits_are_explained(engine: Engine) -> None:
    outcome = engine.ask("請問房產證要等多久")
    hit = next(hit for hit in outcome.hits if "不动产权证书" in hit.matched_phrasing)
    assert ("房产证", "不动产权证书") in hit.matched_terms
    assert hit.highlights and all(0 <= s.start < s.end <= len(hit.matched_phrasing) for s in hit.highlights)
    assert {"dense", "lexical"} <= set(hit.parts)
    for other in outcome.hits:
        assert 0 <= other.score <= 1 and all(0 <= part <= 1 for part in other.parts.values())
    scores = [other.score for other in outcome.hits]
    assert scores == sorted(scores, reverse=True)
    assert outcome.normalised_query == "请问房产证要等多久"
    assert {"normalise", "words", "encode", "rank", "total"} <= set(outcome.timings)
    assert not outcome.lexical_only


@pytest.mark.parametrize(
    ("written", "said", "term"),
    [
        ("底保要等多久", "底保", "低保"),
        ("设会保障卡要等多久", "设会保障卡", "社会保障卡"),
        ("fangchanzheng要等多久", "fangchanzheng", "房产证"),
    ],
)
def test_a_word_written_by_its_sound_finds_what_the_word_finds(
    engine: Engine, written: str, said: str, term: str
) -> None:
    right, slip = engine.ask(written.replace(said, term)), engine.ask(written)
    assert right.readings == () and slip.readings == ((said, term),)
    assert slip.normalised_query == right.normalised_query
    assert (slip.hits, slip.confidence, slip.decision) == (right.hits, right.confidence, right.decision)
    assert engine.ask(written, read=engine.read(written)).hits == slip.hits


def test_a_wording_of_the_library_is_never_read_otherwise(lexicon: Lexicon) -> None:
    documents = [Document("a", "底保是什么", "一种产品。"), Document("b", "低保是什么", "一种保障。")]
    engine = Engine.build(documents, None, lexicon)
    assert engine.ask("底保是什么").hits[0].id == "a" and engine.ask("底保是什么").readings == ()
    assert engine.ask("底保").readings == (), "两个字在库中相连出现过，本来就有意思"
    assert engine.updated([], ["a"], None, None).ask("底保").readings == (("底保", "低保"),)


def test_new_words_are_heard_at_once(
    engine: Engine, encoder: CountingEncoder, lexicon: Lexicon, tmp_path: Path
) -> None:
    wider = engine.with_lexicon(lexicon.extended(["工伤认定"], (), ()))
    assert engine.ask("功伤认定").readings == ()
    assert wider.ask("功伤认定").readings == (("功伤认定", "工伤认定"),)
    wider.save(tmp_path / "index")
    loaded = Engine.load(tmp_path / "index", encoder, wider.lexicon)
    assert loaded.understood("功伤认定") == wider.understood("功伤认定")


def test_the_order_of_the_library_does_not_matter(
    library: list[Document], lexicon: Lexicon, token_dim: int
) -> None:
    twins = [replace(d, id="z" + d.id) for d in library[:10]]
    first = Engine.build([*library, *twins], CountingEncoder(token_dim=token_dim), lexicon)
    shuffled = [*library, *twins]
    random.Random(3).shuffle(shuffled)
    second = Engine.build(shuffled, CountingEncoder(token_dim=token_dim), lexicon)
    grown = Engine.build(
        shuffled[:30],
        CountingEncoder(token_dim=token_dim),
        lexicon,
        calibration=first.calibration,
    ).updated(
        shuffled[30:],
        [],
        CountingEncoder(token_dim=token_dim),
        InMemoryVectorStore(),
    )
    for question in [*QUESTIONS, library[3].question]:
        expected = [(hit.id, hit.score) for hit in first.ask(question).hits]
        assert [(hit.id, hit.score) for hit in second.ask(question).hits] == expected
        assert [hit.id for hit in grown.ask(question).hits] == [id_ for id_, _ in expected]
    assert first.library_fingerprint == second.library_fingerprint == grown.library_fingerprint


def test_with_other_words_it_answers_as_if_built_with_them_and_encodes_nothing(
    library: list[Document], lexicon: Lexicon, token_dim: int
) -> None:
    encoder = CountingEncoder(token_dim=token_dim)
    engine = Engine.build(library, encoder, lexicon)
    encoder.seen.clear()
    other = lexicon.extended(["要等多久"], [("咋办", "怎么办理")], ["怎么申请"])
    made = engine.with_lexicon(other)
    assert encoder.seen == []
    assert made.lexicon is other and engine.lexicon is lexicon
    assert made.calibration is engine.calibration
    built = Engine.build(library, CountingEncoder(token_dim=token_dim), other, calibration=engine.calibration)
    for question in QUESTIONS:
        read = engine.read(question)
        found, expected = made.ask(question, read=read), built.ask(question)
        assert [(hit.id, hit.score) for hit in found.hits] == [(hit.id, hit.score) for hit in expected.hits]
        assert (found.confidence, found.decision) == (expected.confidence, expected.decision)
        assert engine.ask(question, read=read).hits == engine.ask(question).hits


def test_entries_that_say_the_same_come_in_order_of_id(
    library: list[Document], lexicon: Lexicon, token_dim: int
) -> None:
    twins = [replace(library[0], id=id_) for id_ in ("b", "a", "c")]
    outcome = Engine.build([*library[4:], *twins], CountingEncoder(token_dim=token_dim), lexicon).ask(
        "社保卡怎样申请领取"
    )
    places = [hit.id for hit in outcome.hits]
    assert [id_ for id_ in places if id_ in "abc"] == ["a", "b", "c"]


def test_one_wording_with_two_answers_is_a_choice(
    library: list[Document], lexicon: Lexicon, token_dim: int
) -> None:
    rival = Document("rival", library[0].question, "另一个单位的不同答复")
    outcome = Engine.build([*library, rival], CountingEncoder(token_dim=token_dim), lexicon).ask(
        library[0].question
    )
    assert {hit.id for hit in outcome.hits[:2]} == {library[0].id, "rival"}
    assert outcome.decision is Decision.CHOOSE
    same = replace(rival, answer=library[0].answer)
    agreed = Engine.build([*library, same], CountingEncoder(token_dim=token_dim), lexicon).ask(
        library[0].question
    )
    assert agreed.decision is Decision.ANSWER


@pytest.mark.parametrize(
    ("dates", "reason"),
    [
        ({"effective_from": DAY}, None),
        ({"effective_to": DAY}, None),
        ({"review_due": DAY}, None),
        ({"effective_from": date(2025, 3, 2)}, "not_yet_effective"),
        ({"effective_to": date(2025, 2, 28)}, "expired"),
        ({"review_due": date(2025, 2, 28)}, "review_overdue"),
    ],
)
def test_dates_are_inclusive_and_what_may_not_be_answered_is_named(
    library: list[Document], lexicon: Lexicon, dates: dict[str, date], reason: str | None, token_dim: int
) -> None:
    changed = [replace(library[0], **dates), *library[1:]]  # type: ignore[arg-type]
    engine = Engine.build(changed, CountingEncoder(token_dim=token_dim), lexicon)
    question = library[0].phrasings[0]
    outcome = engine.ask(question, Filters(on=DAY), limit=60)
    if reason is None:
        assert outcome.hits[0].id == library[0].id and not outcome.suppressed
    else:
        assert library[0].id not in {hit.id for hit in outcome.hits}
        assert [(s.id, s.reason) for s in outcome.suppressed] == [(library[0].id, reason)]
        assert outcome.decision is not Decision.ANSWER or outcome.hits[0].parts.get("exact") is None
        assert not [
            s
            for s in engine.suggest("社会保障卡怎么", filters=Filters(on=DAY))
            if s.entry_id == library[0].id
        ]
    assert engine.ask(question).hits[0].id == library[0].id


def test_nothing_is_suppressed_that_would_not_have_been_shown(
    library: list[Document], lexicon: Lexicon, token_dim: int
) -> None:
    changed = [replace(library[0], effective_to=date(2020, 1, 1)), *library[1:]]
    outcome = Engine.build(changed, CountingEncoder(token_dim=token_dim), lexicon).ask(
        "护照需要多少钱", Filters(on=DAY)
    )
    assert outcome.suppressed == ()


def test_when_all_have_expired_the_question_is_referred(
    library: list[Document], lexicon: Lexicon, token_dim: int
) -> None:
    changed = [replace(d, effective_to=date(2020, 1, 1)) for d in library]
    outcome = Engine.build(changed, CountingEncoder(token_dim=token_dim), lexicon).ask(
        "护照需要多少钱", Filters(on=DAY)
    )
    assert outcome.hits == () and outcome.decision is Decision.REFER and outcome.confidence == 0.0
    assert len(outcome.suppressed) == 3


def test_filters_by_topic_and_unit(engine: Engine) -> None:
    by_id = {d.id: d for d in engine.documents}
    for filters in (Filters(topic="甲"), Filters(unit="单位2"), Filters(topic="乙", unit="单位0", on=DAY)):
        for question in QUESTIONS:
            hits = engine.ask(question, filters).hits
            assert hits
            for hit in hits:
                assert filters.topic in (None, by_id[hit.id].topic) and filters.unit in (
                    None,
                    by_id[hit.id].unit,
                )
    assert engine.ask("护照", Filters(topic="没有这个主题")).decision is Decision.REFER


@pytest.mark.parametrize("question", ["", "   ", "😀😀", "？！。", "\u200b\ufeff", "\x00", "---", "\ud800"])
def test_a_question_without_words_is_referred(engine: Engine, question: str) -> None:
    outcome = engine.ask(question)
    assert outcome.decision is Decision.REFER and outcome.hits == () and outcome.confidence == 0.0


@pytest.mark.parametrize(
    "question",
    [
        "税", "a", "1", "证" * 10_000, "居住证怎么办" * 2_000, "<script>alert('居住证')</script>",
        "'; DROP TABLE entries; --", "% _ \\ \" '", "護照要等多久？", "ｈｕｚｈａｏ　护照", "护照\n\n要\t等", "护照\ud800多久",
        "👨‍👩‍👧 护照 👍🏽", "http://example.com/?a=1&b=2", "a" * 10_000, "\u202e护照", "🇨🇳",
    ],
)  # fmt: skip
def test_odd_questions_never_raise(
    engine: Engine, library: list[Document], lexicon: Lexicon, question: str
) -> None:
    lexical = Engine.build(library, None, lexicon)
    for one in (engine, lexical):
        outcome = one.ask(question, Filters(on=DAY))
        assert 0 <= outcome.confidence <= 1 and len(outcome.normalised_query) <= 300
        one.suggest(question)
    if len(question) == 1:
        assert outcome.decision is not Decision.ANSWER


def test_what_follows_the_limit_does_not_count(engine: Engine) -> None:
    long = "护照要等多久" * 60
    assert engine.ask(long).hits == engine.ask(long + "完全不同的内容" * 500).hits


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_limit(engine: Engine, limit: int) -> None:
    assert len(engine.ask("护照要等多久", limit=limit).hits) == limit


def test_without_encoder_words_alone_decide_and_say_so(library: list[Document], lexicon: Lexicon) -> None:
    engine = Engine.build(library, None, lexicon)
    outcome = engine.ask("低保需要多少钱")
    assert outcome.lexical_only and outcome.hits[0].id == "e081"
    assert outcome.decision is not Decision.ANSWER
    exact = engine.ask(library[0].question)
    assert exact.decision is Decision.ANSWER and exact.hits[0].id == library[0].id
    assert engine.ask("量子计算机").decision is Decision.REFER
    assert engine.calibration is None and engine.encoder_fingerprint is None
    updated = engine.updated([replace(library[0], answer="新的答复")], [library[1].id], None, None)
    assert updated.size == len(library) - 1 and updated.ask("低保需要多少钱").lexical_only


def test_an_empty_library_refers(lexicon: Lexicon, tmp_path: Path, encoder: CountingEncoder) -> None:
    for one in (Engine.build([], encoder, lexicon), Engine.build([], None, lexicon)):
        assert one.ask("护照").decision is Decision.REFER and one.suggest("护") == []
    empty = Engine.build([], encoder, lexicon)
    empty.save(tmp_path / "index")
    assert Engine.load(tmp_path / "index", encoder, lexicon).size == 0
    first = Document("a", "护照怎么申请", "到出入境窗口办理")
    assert empty.updated([first], [], encoder, InMemoryVectorStore()).ask("护照怎么申请").hits[0].id == "a"


@pytest.mark.parametrize("asked", ["护照要等多久", "房产证去哪儿弄", "社保卡怎样申请领取", "学区是咋划的"])
def test_an_unrelated_entry_does_not_change_the_first_hit(
    library: list[Document], lexicon: Lexicon, encoder: CountingEncoder, asked: str
) -> None:
    engine = Engine.build(library, encoder, lexicon)
    unrelated = [
        Document("a0", "zoo opening hours", "nine to five"),
        Document("zz", "天文望远镜如何观测木星", "木星在夏夜升起"),
    ]
    grown = engine.updated(unrelated, [], encoder, InMemoryVectorStore())
    assert grown.ask(asked).hits[0].id == engine.ask(asked).hits[0].id


def test_an_update_encodes_only_what_is_new(
    library: list[Document], lexicon: Lexicon, encoder: CountingEncoder
) -> None:
    store = InMemoryVectorStore()
    engine = Engine.build(library, encoder, lexicon, store)
    encoder.seen.clear()
    changed = replace(library[0], phrasings=(*library[0].phrasings, "社保卡去哪儿弄"))
    updated = engine.updated([changed], ["e143", "不存在"], encoder, store)
    assert encoder.seen == ["社保卡去哪儿弄"] * 2
    assert updated.ask("社保卡去哪儿弄").hits[0].id == library[0].id
    assert engine.ask("社保卡去哪儿弄").hits[0].parts.get("exact") is None
    assert updated.size == len(library) - 1 and updated.document("e143") is None
    assert updated.calibration == engine.calibration
    assert updated.calibration_stale and not engine.calibration_stale
    assert updated.library_fingerprint != engine.library_fingerprint
    assert not [s for s in updated.suggest("消费投诉在哪里办") if s.entry_id == "e143"]
    assert [s for s in updated.suggest("sbkqne") if s.entry_id == library[0].id]
    back = updated.updated([library[0], next(d for d in library if d.id == "e143")], [], encoder, store)
    assert back.library_fingerprint == engine.library_fingerprint
    assert [h.id for h in back.ask("护照要等多久").hits] == [h.id for h in engine.ask("护照要等多久").hits]


def test_an_update_with_another_encoder_is_refused(
    engine: Engine, library: list[Document], token_dim: int
) -> None:
    with pytest.raises(EncoderMismatch):
        engine.updated(library[:1], [], CountingEncoder("other", token_dim=token_dim), InMemoryVectorStore())
    with pytest.raises(EncoderMismatch):
        engine.updated(library[:1], [], None, None)


def test_a_saved_index_answers_alike(
    engine: Engine, library: list[Document], lexicon: Lexicon, tmp_path: Path, encoder: CountingEncoder
) -> None:
    dated = replace(library[0], effective_from=DAY, review_due=date(2030, 1, 1), audience=("老年人",))
    source = engine.updated([dated], [], encoder, InMemoryVectorStore())
    folder = tmp_path / "index"
    source.save(folder)
    source.save(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["index"]
    encoder.seen.clear()
    loaded = Engine.load(folder, encoder, lexicon)
    assert encoder.seen == []
    assert loaded.documents == source.documents and loaded.calibration == source.calibration
    assert loaded.library_fingerprint == source.library_fingerprint
    for question in QUESTIONS:
        before, after = source.ask(question), loaded.ask(question)
        assert (before.hits, before.confidence, before.decision) == (
            after.hits,
            after.confidence,
            after.decision,
        )
    assert loaded.suggest("hz") == source.suggest("hz")
    again = loaded.updated([replace(library[1], question="全新的问题")], [], encoder, InMemoryVectorStore())
    assert again.ask("全新的问题").hits[0].id == library[1].id


def test_of_two_processes_that_save_at_once_one_wins(
    engine: Engine, lexicon: Lexicon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token_dim: int
) -> None:
    folder, rival = tmp_path / "index", tmp_path / "rival"
    engine.save(folder)
    engine.save(rival)
    rename = Path.rename

    def too_late(path: Path, target: Path) -> Path:
        """The other process has moved the old index away and put its own there in the meantime."""
        if path == folder:
            raise FileNotFoundError(path)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", too_late)
    put_in_place(rival, folder)
    assert [path.name for path in tmp_path.iterdir()] == ["index"]
    assert Engine.load(folder, CountingEncoder(token_dim=token_dim), lexicon).size == engine.size


def test_a_damaged_index_is_named(
    engine: Engine, lexicon: Lexicon, tmp_path: Path, encoder: CountingEncoder, token_dim: int
) -> None:
    folder = tmp_path / "index"
    engine.save(folder)
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) >= 13
    for name in names:
        path = folder / name
        content = path.read_bytes()
        damages = [content[: len(content) // 2], b"", content[:-1] + bytes([content[-1] ^ 1])]
        for damaged in damages:
            path.write_bytes(damaged)
            with pytest.raises(IndexDamaged):
                Engine.load(folder, encoder, lexicon)
        path.unlink()
        with pytest.raises(IndexDamaged):
            Engine.load(folder, encoder, lexicon)
        path.write_bytes(content)
    assert Engine.load(folder, encoder, lexicon).size == engine.size
    for other_encoder, other_lexicon in (
        (CountingEncoder("other", token_dim=token_dim), lexicon), (None, lexicon), (encoder, Lexicon({"新词": None})),
    ):  # fmt: skip
        with pytest.raises(IndexDamaged):
            Engine.load(folder, other_encoder, other_lexicon)
    with pytest.raises(IndexDamaged, match="没有找到"):
        Engine.load(tmp_path / "nowhere", encoder, lexicon)


def test_many_threads_get_the_same_answers(engine: Engine) -> None:
    questions = [f"{subject}{aspect}呢" for subject in SUBJECTS for aspect in ASPECTS]
    alone = [engine.ask(question, Filters(on=DAY)).hits for question in questions]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda question: engine.ask(question, Filters(on=DAY)).hits, questions))
    assert together == alone


@pytest.mark.parametrize(
    ("typed", "how", "first"),
    [
        ("护照", "prefix", "护照怎么申请？"), ("照要等", "contains", "护照要等多久？"), ("huzhaoyaod", "pinyin", "护照要等多久？"),
        ("HuZhao", "pinyin", "护照怎么申请？"), ("hz", "initials", "护照怎么申请？"), ("yaodengduojiu", "pinyin", "护照要等多久？"),
        ("護照要等", "prefix", "护照要等多久？"),
    ],
)  # fmt: skip
def test_suggestions(engine: Engine, typed: str, how: str, first: str) -> None:
    found = engine.suggest(typed)
    assert (found[0].text, found[0].how) == (first, how)
    assert len(found) <= 8 and len({s.entry_id for s in found}) == len(found)


def test_pinyin_matches_begin_at_a_syllable(engine: Engine) -> None:
    assert not [s for s in engine.suggest("uzhao") if s.how == "pinyin"]
    assert engine.suggest("") == [] and engine.suggest("没有这样的问题") == []
    assert len(engine.suggest("z", limit=3)) == 3
