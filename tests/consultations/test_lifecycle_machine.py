"""Any order of steps by anybody: nothing is lost, the clock is never set back, numbers stay."""

from __future__ import annotations

import shutil
import tempfile
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import select
from support.cases import FakeTraces
from support.people import PEOPLE, Actors

from qa_service.cases.service import is_overdue
from qa_service.consultations import repository, service
from qa_service.consultations.lifecycle import LIFECYCLE
from qa_service.consultations.models import Consultation
from qa_service.consultations.schemas import ActFields, Registration
from qa_service.errors import ServiceError
from qa_service.kit import clock
from qa_service.kit.database import Database

START = datetime(2026, 1, 28, 9, tzinfo=clock.CHINA)
EVENTS = [*LIFECYCLE.events(), "nonsense"]
TEXTS = st.text(alphabet="请到大厅办理材料齐全即可\n，。", min_size=0, max_size=12)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "unit": st.sampled_from(["rsj", "mzj", "nobody"]), "reason": TEXTS, "text": TEXTS, "basis": TEXTS,
        "how": st.sampled_from(["phone", "in_person"]), "designated": st.booleans(),
        "library_decision": st.sampled_from(["none", "new", "merge"]), "entry_key": st.just("jobless-length"),
        "entry": st.sampled_from(["jobless-length", "gone"]), "guided_to": TEXTS, "guided_contact": TEXTS,
        "entry_question": TEXTS, "topic": st.just("社会保险"),
    },
)  # fmt: skip


class Walk(RuleBasedStateMachine):
    """One consultation, walked through by random people; every step in a transaction of its own."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="qa-walk-"))
        shutil.copyfile(self.template, self.folder / "qa.sqlite3")
        self.database = Database(f"sqlite:///{self.folder / 'qa.sqlite3'}")
        sqlalchemy_event.listen(
            self.database.engine,
            "connect",
            lambda connection, _: connection.execute("PRAGMA synchronous=OFF"),
        )
        people = Actors(self.database)
        self.actors = {name: people[name] for name in PEOPLE}
        self.seen: Consultation | None = None
        self.now = START
        self.expected_events: list[str] = ["register"]
        self.texts: list[str] = []
        self.due: date | None = None
        self.met: date | None = None

    @initialize()
    def register(self) -> None:
        with clock.stopped_at(self.now), self.database.write() as session:
            made = service.register(
                session, self.actors["desk"], Registration(question="这事归谁管"), FakeTraces()
            )
            self.number, self.code = made.consultation.case.number, made.consultation.case.query_code

    @rule(days=st.integers(0, 6), hours=st.integers(0, 23))
    def time_passes(self, days: int, hours: int) -> None:
        self.now += timedelta(days=days, hours=hours)

    @rule(who=st.sampled_from(sorted(PEOPLE)), event=st.sampled_from(EVENTS), fields=FIELDS)
    def somebody_tries(self, who: str, event: str, fields: dict[str, Any]) -> None:
        self.attempt(who, event, fields)

    @rule(data=st.data(), who=st.sampled_from(sorted(PEOPLE)))
    def somebody_does_what_is_open(self, data: st.DataObject, who: str) -> None:
        """Mostly possible steps with what they need, so that walks get far."""
        with self.database.read() as session:
            found = session.scalars(select(Consultation)).one()
            acts = service.open_acts(self.actors[who], found)
        if not acts:
            return
        act = data.draw(st.sampled_from(acts))
        fields = data.draw(FIELDS)
        sound = {
            "unit": "rsj", "reason": "理由", "text": "答复", "basis": "依据", "how": "phone", "guided_to": "税务局",
            "guided_contact": "12366", "library_decision": "none", "entry": "jobless-length",
        }  # fmt: skip
        needed = {name: sound[name] for name in act.needs}
        self.attempt(
            who, act.event, {**sound, **fields, **{k: fields.get(k) or v for k, v in needed.items()}}
        )

    def attempt(self, who: str, event: str, fields: dict[str, Any]) -> None:
        before = self.state()
        try:
            with clock.stopped_at(self.now), self.database.write() as session:
                case = repository.get_readable(session, self.actors[who], self.number)
                service.act_on(session, self.actors[who], case, event, ActFields(**fields))
            self.seen = None
        except ServiceError as error:
            self.seen = None
            assert error.message
            assert self.state() == before, "a refused step must change nothing"
            return
        self.expected_events.append(event)
        if event == "reply":
            self.texts.append(ActFields(**fields).text)

    def state(self) -> tuple[Any, ...]:
        case = self.look().case
        return case.state, case.version, case.holder_unit_id, case.due_on, case.round, case.outcome

    def look(self) -> Consultation:
        """The consultation with its case and events as they stand, read once after each step."""
        if self.seen is None:
            with self.database.read() as session:
                self.seen = repository.get_readable(session, self.actors["admin"], self.number)
        return self.seen

    @invariant()
    def no_event_is_lost_and_the_sequence_has_no_gap(self) -> None:
        rows = self.look().case.events
        assert [row.event for row in rows] == self.expected_events
        assert [row.seq for row in rows] == list(range(1, len(rows) + 1))

    @invariant()
    def each_event_begins_where_the_one_before_ended(self) -> None:
        rows = self.look().case.events
        for earlier, later in pairwise(rows):
            assert later.from_state == earlier.to_state
        assert rows[-1].to_state == self.look().case.state

    @invariant()
    def number_code_and_registration_never_change(self) -> None:
        case = self.look().case
        assert (case.number, case.query_code, case.registered_at) == (self.number, self.code, START)

    @invariant()
    def the_due_date_once_set_stays_and_so_does_the_day_it_was_met(self) -> None:
        case = self.look().case
        if self.due is not None:
            assert case.due_on == self.due
        if self.met is not None:
            assert case.met_on == self.met
        self.due, self.met = case.due_on, case.met_on
        if case.due_on is not None:
            assert case.clock_started_on == START.date()
            late = case.met_on is not None and case.met_on > case.due_on
            assert is_overdue(LIFECYCLE, case, case.due_on) is late

    @invariant()
    def every_reply_that_was_accepted_is_still_to_be_read(self) -> None:
        found = self.look()
        assert [row.data["text"] for row in found.case.events if row.event == "reply"] == self.texts
        assert found.reply_text == (self.texts[-1] if self.texts else "")

    @invariant()
    def a_unit_holds_it_exactly_in_the_states_that_are_a_units(self) -> None:
        case = self.look().case
        if case.state in ("assigned", "in_progress", "replied", "answered", "closed"):
            assert case.holder_unit_id is not None
        if case.state in ("registered", "to_assign"):
            assert case.holder_unit_id is None

    def teardown(self) -> None:
        self.database.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def test_whatever_is_tried_in_whatever_order(sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Walk, "template", sqlite_template, raising=False)
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=30, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )  # fmt: skip
