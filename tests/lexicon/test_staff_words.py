"""Adding and withdrawing words, on both databases; what the logged questions would find with a word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from support.encoders import CountingEncoder
from support.people import Actors

from qa_service.accounts.models import AuditEvent
from qa_service.errors import Conflict, Invalid, NotAllowedNow, NotFound
from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.lexicon import repository, service
from qa_service.lexicon.models import LexiconWord
from qa_service.lexicon.preview import Verdict
from qa_service.lexicon.rules import Kind, Word
from qa_service.library.live import LiveIndex
from qa_service.library.models import QueryLog
from qa_service.search.types import Decision, Filters
from qa_service.text.lexicon import Lexicon
from qa_service.zones.models import Zone


def add(
    database: Database, actors: Actors, lexicon: Lexicon, kind: Kind, said: str, official: str = ""
) -> int:
    with database.write() as session:
        return service.add_word(session, actors["desk"], lexicon, kind, said, official).id


def log_question(database: Database, question: str, age: int = 0, outcome: str = "missed") -> None:
    with database.write() as session:
        at = clock.now() - timedelta(minutes=age)
        session.add(
            QueryLog(
                id=f"{question[:20]}-{age}", at=at, channel="window", question=question, decision="refer",
                confidence=0.0, outcome=outcome, hits=[], library_revision=1, milliseconds=1.0,
            )
        )  # fmt: skip


class TestAdding:
    def test_a_word_is_in_force_with_who_and_when(
        self, database: Database, actors: Actors, lexicon: Lexicon, at: Callable[[str], None]
    ) -> None:
        at("2026-11-26 10:30")
        add(database, actors, lexicon, Kind.SYNONYM, "房本儿", "不動產權證書")
        with database.read() as session:
            (row,) = repository.in_force(session)
            made, revision = repository.extended(session, lexicon)
            (event,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "add-lexicon-word"))
        assert service.word_of(row) == Word(Kind.SYNONYM, "房本儿", "不动产权证书")
        assert (row.added_by, row.added_at) == ("窗口甲", clock.now())
        assert made.synonyms["房本儿"] == ("不动产权证书",) and revision == 1
        assert event.data["said"] == "房本儿" and event.actor_id == actors["desk"].id

    @pytest.mark.parametrize(
        ("kind", "said", "official", "error", "field"),
        [
            (Kind.SYNONYM, "", "不动产权证书", Invalid, "said"),
            (Kind.SYNONYM, "社保", "社会保险", Conflict, "said"),
            (Kind.TERM, "社会保险", "", Conflict, "said"),
            (Kind.STOP_WORD, "最低生活保障", "", Conflict, "said"),
            (Kind.STOP_WORD, "请问", "", Conflict, "said"),
        ],
    )
    def test_what_may_not_be_added_says_why_and_leaves_nothing(
        self, database: Database, actors: Actors, lexicon: Lexicon, kind: Kind, said: str, official: str,
        error: type[Invalid], field: str,
    ) -> None:  # fmt: skip
        with pytest.raises(error) as caught:
            add(database, actors, lexicon, kind, said, official)
        assert field in caught.value.extra["errors"] and caught.value.remedy
        with database.read() as session:
            assert repository.in_force(session) == []
            assert repository.current_revision(session) == 0

    def test_the_same_word_again_says_who_added_it(
        self, database: Database, actors: Actors, lexicon: Lexicon
    ) -> None:
        add(database, actors, lexicon, Kind.TERM, "青禾一网通")
        with pytest.raises(Conflict, match="窗口甲添加"):
            add(database, actors, lexicon, Kind.TERM, "青禾一网通")

    def test_the_database_itself_keeps_words_in_force_apart(self, database: Database) -> None:
        row = {"kind": "term", "said": "一网通", "official": "", "added_by": "甲", "added_at": clock.now()}
        with database.write() as session:
            session.add(LexiconWord(**row, withdrawn_by="甲", withdrawn_at=clock.now()))
            session.add(LexiconWord(**row))
        for broken in (row, {**row, "kind": "synonym"}, {**row, "kind": "other", "said": "别的"}):
            with pytest.raises(Conflict) as caught, database.write() as session:
                session.add(LexiconWord(**broken))
            assert isinstance(caught.value.__cause__, IntegrityError)


def test_the_places_that_zones_are_named_after_are_regions(database: Database, lexicon: Lexicon) -> None:
    with database.read() as session:
        known, _ = repository.extended(session, lexicon)
        paths = {zone.name: zone.path for zone in session.scalars(select(Zone))}
    (county,) = known.regions.mentions("青禾县的居住证", known.segmenter.plain)
    (town,) = known.regions.mentions("柳湾镇的居住证", known.segmenter.plain)
    assert county.codes == {paths["青禾县政务公开专区"]} and town.codes == {paths["柳湾镇政务公开专区"]}
    assert not lexicon.regions.mentions("青禾县的居住证", lexicon.segmenter.plain)


class TestWithdrawing:
    def test_it_ends_stays_in_history_and_may_be_added_again(
        self, database: Database, actors: Actors, lexicon: Lexicon
    ) -> None:
        word_id = add(database, actors, lexicon, Kind.STOP_WORD, "麻烦问下")
        with database.write() as session:
            service.withdraw_word(session, actors["unit-rsj"], word_id)
        with database.read() as session:
            left, revision = repository.extended(session, lexicon)
            assert revision == 2 and "麻烦问下" not in left.stop_words
            assert left.words() == lexicon.words() and left.stop_words == lexicon.stop_words
            (row,) = repository.withdrawn(session, "stop_word")
            assert row.withdrawn_by == "人社承办人甲"
            assert session.scalars(
                select(AuditEvent.id).where(AuditEvent.action == "withdraw-lexicon-word")
            ).one()
        assert add(database, actors, lexicon, Kind.STOP_WORD, "麻烦问下") != word_id

    def test_twice_or_never_added(self, database: Database, actors: Actors, lexicon: Lexicon) -> None:
        word_id = add(database, actors, lexicon, Kind.TERM, "青禾一网通")
        with database.write() as session:
            service.withdraw_word(session, actors["desk"], word_id)
        with pytest.raises(NotAllowedNow, match="已由窗口甲撤下"), database.write() as session:
            service.withdraw_word(session, actors["desk2"], word_id)
        with pytest.raises(NotFound), database.write() as session:
            service.withdraw_word(session, actors["desk2"], 999)
        with database.read() as session:
            assert repository.current_revision(session) == 2


class TestLists:
    def test_added_first_then_bundled_and_the_withdrawn_apart(
        self, database: Database, actors: Actors, lexicon: Lexicon
    ) -> None:
        first = add(database, actors, lexicon, Kind.SYNONYM, "房本儿", "不动产权证书")
        second = add(database, actors, lexicon, Kind.SYNONYM, "小本本", "不动产权证书")
        add(database, actors, lexicon, Kind.TERM, "青禾一网通")
        with database.read() as session:
            every = service.list_words(session, lexicon, Kind.SYNONYM)
            assert [item.id for item in every[:3]] == [second, first, None]
            assert service.count_words(session, lexicon)[Kind.TERM] == len(lexicon.terms) + 1
            found = service.list_words(session, lexicon, Kind.SYNONYM, "房產")
            assert found and all("房产" in item.word.said + item.word.official for item in found)
            assert len(service.list_words(session, lexicon, Kind.SYNONYM, show="added")) == 2
            assert service.list_words(session, lexicon, Kind.SYNONYM, show="withdrawn") == []


class TestRecentQuestions:
    def test_those_with_the_word_first_then_the_latest_each_once(self, database: Database) -> None:
        for question, age, outcome in (
            ("房本儿丢了", 50, "missed"), ("公积金", 1, "answered"), ("公积金", 3, "answered"), ("你好", 0, "greeting"),
            ("年假有几天", 2, "candidates"), ("100%报销吗", 4, "missed"), ("办WiFi证", 5, "missed"),
        ):  # fmt: skip
            log_question(database, question, age, outcome)
        with database.read() as session:
            questions, holding = repository.recent_questions(session, ("房本儿", "不动产权证书"), 3)
            assert (questions, holding) == (["房本儿丢了", "公积金", "年假有几天"], 1)
            assert repository.recent_questions(session, ("100%",), 9)[1] == 1
            assert repository.recent_questions(session, ("wifi",), 9)[0][0] == "办WiFi证"
            assert repository.recent_questions(session, ("无此词",), 9)[1] == 0


class TestPreview:
    @pytest.fixture
    def index(self, database: Database, lexicon: Lexicon, tmp_path: Path) -> LiveIndex:
        made = LiveIndex(database, None, lexicon, tmp_path / "indexes")
        made.open()
        return made

    def test_shows_what_would_change_and_changes_nothing(
        self, database: Database, lexicon: Lexicon, index: LiveIndex
    ) -> None:
        for age, question in enumerate(("毛毛票在哪儿领", "年假有几天", "公积金能不能取出来交房租")):
            log_question(database, question, age)
        before = index.snapshot
        word, preview = service.preview_word(
            database, before.engine, lexicon, Kind.SYNONYM, "毛毛票", "政府信息公开申请"
        )
        assert word == Word(Kind.SYNONYM, "毛毛票", "政府信息公开申请")
        assert (preview.asked, preview.holding) == (3, 1)
        changed = [difference.question for difference in preview.differences]
        assert changed[0] == "毛毛票在哪儿领" and "公积金能不能取出来交房租" not in changed
        assert preview.differences[0].after.key == "disclosure-apply" != preview.differences[0].before.key
        assert preview.other_entry >= 1 and preview.other_result <= len(changed)
        assert index.snapshot is before and not index.refresh()
        with database.read() as session:
            assert repository.in_force(session) == []

    @pytest.mark.parametrize("token_dim", [None, 0, 8])
    def test_foretells_what_is_found_once_the_word_is_in_force(
        self, database: Database, actors: Actors, lexicon: Lexicon, tmp_path: Path, token_dim: int | None
    ) -> None:
        encoder = None if token_dim is None else CountingEncoder(token_dim=token_dim)
        index = LiveIndex(database, encoder, lexicon, tmp_path / "indexes")
        index.open()
        questions = ("毛毛票在哪儿领", "政府的毛毛票", "失业金能拿多久", "材料")
        for age, question in enumerate(questions):
            log_question(database, question, age)

        def found() -> dict[str, Verdict]:
            engine, today = index.snapshot.engine, Filters(on=clock.today())
            return {question: Verdict.of(engine.ask(question, today)) for question in questions}

        before = found()
        _, preview = service.preview_word(
            database, index.snapshot.engine, lexicon, Kind.SYNONYM, "毛毛票", "政府信息公开申请"
        )
        add(database, actors, lexicon, Kind.SYNONYM, "毛毛票", "政府信息公开申请")
        assert index.refresh()
        foretold = {difference.question: difference.after for difference in preview.differences}
        for question, verdict in found().items():
            assert verdict == foretold.get(question, verdict)
            assert verdict.differs(before[question]) is (question in foretold)

    def test_each_question_is_encoded_once(
        self, database: Database, lexicon: Lexicon, tmp_path: Path
    ) -> None:
        encoder = CountingEncoder(token_dim=8)
        index = LiveIndex(database, encoder, lexicon, tmp_path / "indexes")
        index.open()
        log_question(database, "房本儿丢了咋补")
        encoder.seen.clear()
        service.preview_word(database, index.snapshot.engine, lexicon, Kind.TERM, "青禾一网通")
        assert encoder.seen == ["房本儿丢了咋补"]

    @pytest.mark.parametrize(
        ("other", "differs"),
        [
            (Verdict("a", Decision.CHOOSE, 0.55), True), (Verdict("a", Decision.CHOOSE, 0.549), False),
            (Verdict("b", Decision.CHOOSE, 0.5), True), (Verdict("a", Decision.ANSWER, 0.5), True),
        ],
    )  # fmt: skip
    def test_a_small_shift_of_confidence_is_not_worth_a_look(self, other: Verdict, differs: bool) -> None:
        verdict = Verdict("a", Decision.CHOOSE, 0.5)
        assert verdict.differs(other) is differs is other.differs(verdict)

    def test_nothing_asked_yet(self, database: Database, lexicon: Lexicon, index: LiveIndex) -> None:
        _, preview = service.preview_word(
            database, index.snapshot.engine, lexicon, Kind.STOP_WORD, "麻烦问下"
        )
        assert (preview.asked, preview.holding, preview.differences) == (0, 0, ())
