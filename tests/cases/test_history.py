"""办理过程: what each act changed, the chain, and what a look behind the service's back shows."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import func, select, text
from support.cases import FakeTraces, Flow
from support.people import Actors
from support.tampering import tamper

from qa_service import migrations
from qa_service.accounts.roles import SYSTEM
from qa_service.cases import anchors, history
from qa_service.cases.anchors import Anchor
from qa_service.cases.models import Case, CaseEvent, JournalLine
from qa_service.cases.verify import check_history
from qa_service.cases.verify_numbers import check_numbers
from qa_service.consultations import repository, service
from qa_service.consultations.models import Consultation
from qa_service.consultations.schemas import ActFields, Registration
from qa_service.errors import Conflict, ServiceError
from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.kit.findings import Check


def register(database: Database, actors: Actors, **data: Any) -> str:
    with database.write() as session:
        made = service.register(
            session, actors["desk"], Registration(question="这事归谁管", **data), FakeTraces()
        )
        return made.consultation.case.number


def act(database: Database, actors: Actors, number: str, who: str, event: str, **fields: Any) -> None:
    with database.write() as session:
        found = repository.get_readable(session, actors[who], number, to_act=True)
        service.act_on(session, actors[who], found, event, ActFields(**fields))


def events_of(database: Database, number: str) -> list[CaseEvent]:
    with database.read() as session:
        rows = select(CaseEvent).join(Case).where(Case.number == number).order_by(CaseEvent.seq)
        return list(session.scalars(rows))


def look(database: Database, noted: list[Anchor] | None = None) -> set[tuple[str, str]]:
    """(code, case number) of everything the check of the history finds."""
    found = Check("history", "")
    with database.read() as session:
        check_history(session, noted or [], found)
    return {(finding.code, finding.subject) for finding in found.findings}


@pytest.fixture
def story(database: Database, actors: Actors) -> tuple[str, str]:
    """The numbers of two cases, the first of them referred, assigned, signed for and returned."""
    first = register(database, actors, person_name="欧阳锋", contact="13800138000")
    act(database, actors, first, "desk", "refer")
    act(database, actors, first, "desk", "assign", unit="rsj")
    act(database, actors, first, "unit-rsj", "sign")
    act(database, actors, first, "unit-rsj", "return", reason="属于医保局职责")
    return first, register(database, actors, handling="refer")


class TestBeforeAndAfter:
    def test_each_act_says_what_it_changed_also_what_it_set_after_recording(
        self, database: Database, story: tuple[str, str]
    ) -> None:
        by_event = {row.event: row for row in events_of(database, story[0])}
        assert list(by_event) == ["register", "refer", "assign", "sign", "return"]
        refer, returned = by_event["refer"], by_event["return"]
        assert refer.before == {"state": "registered"}
        assert refer.after["state"] == "to_assign"
        assert refer.after["due_on"] and refer.after["limit_code"] == "consultation_reply"
        assert "due_on" not in by_event["assign"].after
        assert by_event["assign"].after["holder_unit_id"] == returned.before["holder_unit_id"]
        assert returned.after == {"state": "to_assign", "holder_unit_id": None, "returns": 1}
        assert set(by_event["sign"].after) == {"state", "signed_at", "signed_by"}

    def test_the_person_and_the_query_code_are_masked_for_good(
        self, database: Database, story: tuple[str, str]
    ) -> None:
        first = events_of(database, story[0])[0]
        assert first.before == {}
        assert (first.after["person_name"], first.after["contact"]) == ("欧阳*", "138****8000")
        with database.read() as session:
            code = session.scalars(select(Case.query_code).where(Case.number == story[0])).one()
        kept = json.dumps([[row.before, row.after, row.data] for row in events_of(database, story[0])])
        assert (
            "13800138000" not in kept and '8000"' not in kept.replace("138****8000", "") and code not in kept
        )

    def test_phone_numbers_in_a_text_are_taken_out(self, database: Database, actors: Actors) -> None:
        number = register(database, actors)
        with database.write() as session:
            found = repository.get_readable(session, actors["desk"], number, to_act=True)
            found.policy_clue = "找张三 13900139000"
        assert events_of(database, number)[-1].after == {"policy_clue": "找张三 ［电话已隐去］"}

    def test_a_change_that_nobody_recorded_gets_an_event_of_its_own(
        self, database: Database, actors: Actors
    ) -> None:
        number = register(database, actors)
        with database.write() as session:
            session.scalars(select(Case).where(Case.number == number)).one().round = 2
        last = events_of(database, number)[-1]
        assert (last.event, last.actor_name, last.before, last.after) == (
            "unrecorded", "系统", {"round": 1}, {"round": 2}
        )  # fmt: skip
        assert look(database) == set()

    def test_what_is_changed_and_changed_back_is_no_change(self, database: Database, actors: Actors) -> None:
        number = register(database, actors)
        with database.write() as session:
            case = session.scalars(select(Case).where(Case.number == number)).one()
            case.round = 2
            session.flush()
            case.round = 1
        assert len(events_of(database, number)) == 1

    def test_an_act_that_is_refused_leaves_nothing_in_a_session_that_goes_on(
        self, database: Database, actors: Actors
    ) -> None:
        number = register(database, actors)
        with database.write() as session:
            found = repository.get_readable(session, actors["desk"], number, to_act=True)
            with pytest.raises(ServiceError):
                service.act_on(session, actors["desk"], found, "assign", ActFields())
            session.rollback()
            found = repository.get_readable(session, actors["desk"], number, to_act=True)
            service.act_on(session, actors["desk"], found, "void", ActFields(reason="重复登记"))
        assert [row.event for row in events_of(database, number)] == ["register", "void"]
        assert look(database) == set()

    def test_one_event_for_each_of_many_cases_goes_in_together(
        self, database: Database, actors: Actors
    ) -> None:
        numbers = [register(database, actors) for _ in range(3)]
        with database.write() as session:
            cases = list(session.scalars(select(Case).order_by(Case.id)))
            rows = []
            for case in cases:
                case.due_status = "provisional"
                rows.append(
                    CaseEvent(
                        case_id=case.id, event="recomputed", at=clock.now(), actor_role=SYSTEM.role,
                        actor_name=SYSTEM.name, from_state=case.state, to_state=case.state, sentence="重新计算。",
                        audience="staff",
                    )
                )  # fmt: skip
            history.append_many(session, rows)
        for number in numbers:
            row = events_of(database, number)[-1]
            assert (row.seq, row.after) == (2, {"due_status": "provisional"})
        assert look(database) == set()


class TestGuards:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE case_events SET sentence = '没有这回事'",
            "DELETE FROM case_events",
            "UPDATE case_journal SET digest = ''",
            "DELETE FROM case_journal",
        ],
    )
    def test_the_database_itself_refuses(
        self, database: Database, story: tuple[str, str], statement: str
    ) -> None:
        with pytest.raises(Conflict, match="只能追加"), database.write() as session:
            session.execute(text(statement))
        assert look(database) == set()

    def test_a_guard_taken_away_is_found(self, database: Database, story: tuple[str, str]) -> None:
        sqlite = database.engine.dialect.name == "sqlite"
        with database.engine.begin() as connection:
            connection.execute(
                text(
                    "DROP TRIGGER case_events_no_delete"
                    if sqlite
                    else "DROP TRIGGER case_events_append_only ON case_events"
                )
            )
        assert look(database) == {("guard", "")}


THIS = "(SELECT id FROM cases WHERE number = :n)"
LAST = f"(SELECT MAX(seq) FROM case_events WHERE case_id = {THIS})"


class TestTampering:
    def test_an_untouched_history_is_sound(self, database: Database, story: tuple[str, str]) -> None:
        assert look(database) == set()

    @pytest.mark.parametrize(
        ("statement", "codes"),
        [
            (f"UPDATE case_events SET sentence = '按期办结' WHERE seq = 2 AND case_id = {THIS}", {"event-edited"}),
            (f"UPDATE case_events SET actor_name = '别人' WHERE seq = 4 AND case_id = {THIS}", {"event-edited"}),
            (f"UPDATE case_events SET at = '2026-01-01 00:00:00' WHERE seq = 1 AND case_id = {THIS}", {"event-edited"}),
            (f"UPDATE case_events SET after = '{{}}' WHERE seq = 5 AND case_id = {THIS}", {"event-edited"}),
            (f"DELETE FROM case_events WHERE seq = 3 AND case_id = {THIS}", {"event-gap", "event-deleted"}),
            (f"DELETE FROM case_events WHERE seq = 5 AND case_id = {THIS}", {"event-deleted", "facts"}),
            (f"DELETE FROM case_events WHERE case_id = {THIS}", {"event-deleted", "no-history"}),
            (f"UPDATE cases SET due_on = '2030-01-01' WHERE id = {THIS}", {"facts"}),
            (f"UPDATE cases SET registered_at = '2026-01-01 00:00:00' WHERE id = {THIS}", {"facts"}),
            (f"UPDATE cases SET holder_unit_id = NULL, state = 'void' WHERE id = {THIS}", {"facts"}),
            (f"UPDATE consultations SET question = '别的问题' WHERE case_id = {THIS}", {"facts"}),
            (f"UPDATE consultations SET contact = '' WHERE case_id = {THIS}", {"facts"}),
            (f"DELETE FROM consultations WHERE case_id = {THIS}", {"facts"}),
            ("UPDATE case_journal SET event_digest = digest WHERE number = :n AND seq = 2", {"journal-edited", "event-replaced"}),
            ("DELETE FROM case_journal WHERE number = :n AND seq = 2", {"journal-gap", "event-inserted"}),
            ("UPDATE case_journal_head SET position = position - 1", {"journal-head"}),
        ],
    )  # fmt: skip
    def test_each_way_of_changing_it_shows(
        self, database: Database, story: tuple[str, str], statement: str, codes: set[str]
    ) -> None:
        tamper(database, statement, n=story[0])
        found = look(database)
        assert {code for code, _ in found} == codes
        assert {subject for _, subject in found} <= {story[0], ""}

    def test_a_case_deleted_with_all_that_belongs_to_it(
        self, database: Database, story: tuple[str, str]
    ) -> None:
        tamper(
            database, f"DELETE FROM case_events WHERE case_id = {THIS}",
            f"DELETE FROM consultations WHERE case_id = {THIS}", "DELETE FROM cases WHERE number = :n", n=story[1],
        )  # fmt: skip
        assert look(database) == {("case-deleted", story[1])}
        numbers = Check("numbers", "")
        with database.read() as session:
            check_numbers(session, numbers)
        assert [(finding.code, finding.subject) for finding in numbers.findings] == [
            ("number-gap", f"QH01 {clock.today().year}年 consultation")
        ]

    def test_events_that_change_places(self, database: Database, story: tuple[str, str]) -> None:
        swap = "UPDATE case_events SET seq = :to WHERE seq = :from AND case_id = " + THIS
        for here, there in ((2, 99), (3, 2), (99, 3)):
            tamper(database, swap.replace(":to", str(there)).replace(":from", str(here)), n=story[0])
        assert {code for code, _ in look(database)} == {"event-edited", "event-replaced"}

    def test_a_row_slipped_in(self, database: Database, story: tuple[str, str]) -> None:
        columns = (
            "event, at, actor_role, actor_id, actor_name, from_state, to_state, sentence, audience, data, before, after, "
            "facts, digest"
        )
        tamper(
            database,
            f"INSERT INTO case_events (case_id, seq, {columns}) SELECT case_id, seq + 1, {columns} FROM case_events "
            f"WHERE case_id = {THIS} AND seq = {LAST}",
            n=story[0],
        )
        assert look(database) == {("event-inserted", story[0]), ("event-edited", story[0])}

    def test_a_chain_made_anew_so_that_it_agrees_with_itself(
        self, database: Database, story: tuple[str, str]
    ) -> None:
        """As somebody would who knows the program: every digest of the case computed again."""
        from qa_service.cases.digest import event_digest

        previous = ""
        for row in events_of(database, story[0]):
            content = history.event_content(row)
            if row.event == "return":
                content["sentence"] = row.sentence = "没有退回过"
            previous = event_digest(previous, story[0], content)
            tamper(
                database,
                f"UPDATE case_events SET sentence = :s, digest = :d WHERE seq = {row.seq} AND case_id = {THIS}",
                n=story[0], s=row.sentence, d=previous,
            )  # fmt: skip
        assert look(database) == {("event-replaced", story[0])}


class TestAnchors:
    def test_cutting_off_the_end_of_everything_shows_against_an_earlier_anchor(
        self, database: Database, story: tuple[str, str], tmp_path: Path
    ) -> None:
        path = tmp_path / anchors.FILE
        with database.read() as session:
            end = anchors.current(session)
        assert anchors.note(path, end) and not anchors.note(path, end)
        assert look(database, anchors.read(path)) == set()
        with database.read() as session:
            lines = list(session.scalars(select(JournalLine).order_by(JournalLine.position)))
        tamper(
            database,
            "DELETE FROM case_events WHERE case_id = " + THIS,
            "DELETE FROM consultations WHERE case_id = " + THIS,
            "DELETE FROM cases WHERE number = :n",
            "DELETE FROM case_journal WHERE number = :n",
            "UPDATE case_journal_head SET position = :p, digest = :d",
            n=story[1], p=lines[-3].position, d=lines[-3].digest,
        )  # fmt: skip
        assert lines[-3].number == story[0] and {line.number for line in lines[-2:]} == {story[1]}
        assert look(database) == set(), "without an anchor nothing can tell"
        assert look(database, anchors.read(path)) == {("anchor", "")}

    def test_a_journal_written_anew_shows_against_an_earlier_anchor(
        self, database: Database, story: tuple[str, str]
    ) -> None:
        assert look(database, [Anchor(3, "f" * 64, "2026-01-01")]) == {("anchor", "")}

    def test_a_line_cut_short_is_passed_over(self, tmp_path: Path) -> None:
        path = tmp_path / anchors.FILE
        assert anchors.note(path, Anchor(5, "a" * 64))
        with path.open("a") as file:
            file.write("2026-01-01T00:00:00Z\t6\tabc")
        assert [anchor.position for anchor in anchors.read(path)] == [5]

    def test_a_running_service_notes_the_end_when_it_stops(
        self, database: Database, flow: Flow, settings: Any, client: Any
    ) -> None:
        flow.assigned()
        client.__exit__(None, None, None)
        noted = anchors.read(settings.data_dir / anchors.FILE)
        client.__enter__()
        with database.read() as session:
            assert noted[-1].position == anchors.current(session).position == 3


class TestTogether:
    def test_fifty_clerks_registering_at_once_make_one_unbroken_journal(
        self, database: Database, actors: Actors
    ) -> None:
        patient = Database(database.url, wait_seconds=60)
        desk = actors["desk"]

        def one(_: int) -> None:
            for _ in range(2):
                with patient.write() as session:
                    service.register(
                        session, desk, Registration(question="这事归谁管", handling="refer"), FakeTraces()
                    )

        with ThreadPoolExecutor(50) as pool:
            list(pool.map(one, range(50)))
        assert look(patient) == set()
        with patient.read() as session:
            positions = list(session.scalars(select(JournalLine.position).order_by(JournalLine.position)))
            serials = sorted(session.scalars(select(Case.serial)))
        patient.close()
        assert positions == list(range(1, 201))
        assert serials == list(range(1, 101))

    def test_the_journal_is_locked_only_at_the_very_end(self, database: Database, actors: Actors) -> None:
        """A registration that takes its time does not keep others on PostgreSQL; SQLite has one writer anyway."""
        if database.engine.dialect.name == "sqlite":
            pytest.skip("SQLite has one writer at a time by its nature")
        number = register(database, actors)
        with database.write() as slow:
            found = repository.get_readable(slow, actors["desk"], number, to_act=True)
            service.act_on(slow, actors["desk"], found, "refer", ActFields())
            other = Database(database.url)
            with other.write() as session:
                session.execute(text("SET LOCAL lock_timeout = '2s'"))
                service.register(
                    session, actors["desk-shiqiao"], Registration(question="这事归谁管"), FakeTraces()
                )
            other.close()
        assert look(database) == set()


class TestMigration:
    def test_existing_events_are_chained_and_entered(
        self, database: Database, story: tuple[str, str]
    ) -> None:
        """Back to the schema before, with events in it, and forward again."""
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(Path(migrations.__file__).parent))
        with database.engine.begin() as connection:
            config.attributes["connection"] = connection
            command.downgrade(config, "0008")
        migrations.upgrade(database)
        assert look(database) == set()
        assert all(row.digest and not row.facts for row in events_of(database, story[0]))
        with database.read() as session:
            assert session.scalar(select(func.count()).select_from(JournalLine)) == 7
        tamper(
            database, f"UPDATE case_events SET sentence = '' WHERE seq = 1 AND case_id = {THIS}", n=story[0]
        )
        assert look(database) == {("event-edited", story[0])}

    def test_the_next_act_covers_the_columns_of_an_old_case(
        self, database: Database, actors: Actors, story: tuple[str, str]
    ) -> None:
        tamper(database, f"UPDATE case_events SET facts = '' WHERE case_id = {THIS}", n=story[0])
        assert "facts" not in {code for code, _ in look(database)}
        act(database, actors, story[0], "desk", "assign", unit="mzj")
        tamper(database, f"UPDATE consultations SET topic = '别的' WHERE case_id = {THIS}", n=story[0])
        assert ("facts", story[0]) in look(database)


def test_facts_leave_out_columns_that_say_nothing() -> None:
    """A column added later, empty, must not make old digests wrong."""
    bare = Consultation(case_id=1, question="问", trace_id="t", channel="window")
    said = Consultation(
        case_id=1,
        question="问",
        trace_id="t",
        channel="window",
        topic="",
        returns=0,
        designated=False,
        reply_basis=[],
    )
    assert history.facts_digest([bare]) == history.facts_digest([said])
    said.topic = "社会保险"
    assert history.facts_digest([bare]) != history.facts_digest([said])


def test_digests_do_not_depend_on_the_zone_a_moment_is_told_in() -> None:
    from qa_service.cases.digest import digest_of

    moment = clock.now()
    assert digest_of({"at": moment}) == digest_of({"at": clock.local(moment)})
    assert digest_of({"at": moment}) != digest_of({"at": moment + timedelta(microseconds=1)})
