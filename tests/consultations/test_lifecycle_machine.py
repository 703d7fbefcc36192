"""Any order of steps by anybody, at any time, also at once: nothing is lost, no clock is set back, numbers stay."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import select, update
from support.cases import FakeTraces
from support.people import PEOPLE, Actors

from qa_service.accounts.models import Unit
from qa_service.cases.models import Case
from qa_service.cases.service import check_version, is_overdue
from qa_service.consultations import repository, rules, service
from qa_service.consultations.lifecycle import LIFECYCLE
from qa_service.consultations.models import Consultation
from qa_service.consultations.schemas import ActFields, Registration
from qa_service.errors import ServiceError
from qa_service.kit import clock
from qa_service.kit.database import Database

# Before the Spring Festival, before the National Day, and before a new year whose notice is not out.
STARTS = [
    datetime(2026, 2, 12, 16, tzinfo=clock.CHINA), datetime(2026, 9, 29, 9, tzinfo=clock.CHINA),
    datetime(2026, 12, 29, 9, tzinfo=clock.CHINA),
]  # fmt: skip
EVENTS = [*LIFECYCLE.events(), "nonsense"]
TEXTS = st.text(alphabet="请到大厅办理材料齐全即可\n，。", min_size=0, max_size=12)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "unit": st.sampled_from(["rsj", "mzj", "nobody"]), "reason": TEXTS, "text": TEXTS, "basis": TEXTS, "note": TEXTS,
        "how": st.sampled_from(["phone", "in_person"]), "designated": st.booleans(), "opinion": TEXTS,
        "assisting": st.lists(st.sampled_from(["mzj", "zjj", "nobody"]), max_size=2), "policy_clue": TEXTS,
        "satisfaction": st.sampled_from(["satisfied", "dissatisfied", "unreached"]),
        "library_decision": st.sampled_from(["none", "new", "merge"]), "entry_key": st.just("jobless-length"),
        "entry": st.sampled_from(["jobless-length", "gone"]), "guided_to": TEXTS, "guided_contact": TEXTS,
        "urgency": st.sampled_from(["normal", "urgent"]), "entry_question": TEXTS, "topic": st.just("社会保险"),
    },
)  # fmt: skip
SOUND = {
    "unit": "rsj", "reason": "理由", "text": "答复", "basis": "依据", "how": "phone", "guided_to": "税务局", "note": "无人接听",
    "guided_contact": "12366", "library_decision": "none", "entry": "jobless-length", "assisting": ["zjj"],
    "opinion": "意见", "satisfaction": "dissatisfied", "urgency": "urgent",
}  # fmt: skip
TYPED = ("reason", "text", "basis", "note", "opinion", "policy_clue", "guided_to", "guided_contact")
HELD = ("assigned", "in_progress", "in_review", "replied", "answered", "closed")


@dataclass
class Followed:
    """What is known of one case from outside: what was accepted, and what must never change again."""

    number: str
    code: str
    registered: datetime
    events: list[str] = field(default_factory=lambda: ["register"])
    texts: list[str] = field(default_factory=list)
    due: date | None = None
    settled: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    limits: dict[int, tuple[Any, ...]] = field(default_factory=dict)


class Walk(RuleBasedStateMachine):
    """Consultations walked through by random people; every step in a transaction of its own."""

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
        self.cases: list[Followed] = []
        self.seen: dict[str, Consultation] = {}
        self.now = STARTS[0]

    @initialize(start=st.sampled_from(STARTS), reviewed=st.booleans())
    def begin(self, start: datetime, reviewed: bool) -> None:
        self.now = start
        with self.database.write() as session:
            session.execute(update(Unit).where(Unit.code == "rsj").values(reviews_replies=reviewed))
        self.register()

    @rule()
    def register(self) -> None:
        with clock.stopped_at(self.now), self.database.write() as session:
            made = service.register(
                session, self.actors["desk"], Registration(question="这事归谁管"), FakeTraces()
            )
            case = made.consultation.case
            self.cases.append(Followed(case.number, case.query_code, self.now))

    @rule(days=st.integers(0, 6), hours=st.integers(0, 23))
    def time_passes(self, days: int, hours: int) -> None:
        self.now += timedelta(days=days, hours=hours)

    @rule(data=st.data(), who=st.sampled_from(sorted(PEOPLE)), event=st.sampled_from(EVENTS), fields=FIELDS)
    def somebody_tries(self, data: st.DataObject, who: str, event: str, fields: dict[str, Any]) -> None:
        self.attempt(self.pick(data), who, event, fields)

    @rule(data=st.data(), who=st.sampled_from(sorted(PEOPLE)))
    def somebody_does_what_is_open(self, data: st.DataObject, who: str) -> None:
        """Mostly possible steps with what they need, so that walks get far."""
        case = self.pick(data)
        if chosen := self.choose(data, case, who):
            self.attempt(case, who, *chosen)

    @rule(data=st.data(), who=st.sampled_from(sorted(PEOPLE)), other=st.sampled_from(sorted(PEOPLE)))
    def two_act_on_the_same_page(self, data: st.DataObject, who: str, other: str) -> None:
        """Both have seen the same version: what the second does is refused whenever the first's was accepted."""
        case = self.pick(data)
        version = self.look(case).case.version
        first, second = self.choose(data, case, who), self.choose(data, case, other)
        if first is None or second is None:
            return
        accepted = self.attempt(case, who, *first, version=version)
        later = self.attempt(case, other, *second, version=version)
        assert not (accepted and later)

    def pick(self, data: st.DataObject) -> Followed:
        return self.cases[data.draw(st.integers(0, len(self.cases) - 1))]

    def choose(self, data: st.DataObject, case: Followed, who: str) -> tuple[str, dict[str, Any]] | None:
        with clock.stopped_at(self.now), self.database.read() as session:
            found = session.scalars(select(Consultation).join(Case).where(Case.number == case.number)).one()
            acts = service.open_acts(self.actors[who], found)
        if not acts:
            return None
        act = data.draw(st.sampled_from(acts))
        fields = data.draw(FIELDS)
        needed = {name: fields.get(name) or SOUND.get(name) for name in act.needs}
        if "leading" in needed:
            needed["leading"] = self.pick(data).number
        return act.event, {**fields, **needed}

    def attempt(
        self, followed: Followed, who: str, event: str, fields: dict[str, Any], *, version: int | None = None
    ) -> bool:
        before = self.state(followed)
        self.now += timedelta(microseconds=1)  # no two acts at the very same moment
        try:
            with clock.stopped_at(self.now), self.database.write() as session:
                case = repository.get_readable(session, self.actors[who], followed.number)
                if version is not None:
                    check_version(session, LIFECYCLE, case.case, version)
                service.act_on(session, self.actors[who], case, event, ActFields(**fields))
        except ServiceError as error:
            self.seen.clear()
            assert error.message
            assert self.state(followed) == before, "a refused step must change nothing"
            return False
        self.seen.clear()
        followed.events.append(event)
        self.expect_shared(followed, event)
        given = ActFields(**fields)
        followed.texts += [text for name in TYPED if (text := getattr(given, name))]
        return True

    def expect_shared(self, followed: Followed, event: str) -> None:
        """What else an act sets going: a reply goes to all that wait for it, in their own histories."""
        mine = self.look(followed)
        if event in ("reply", "approve"):
            for other in self.cases:
                found = self.look(other)
                grown = len(found.case.events) > len(other.events)
                if not grown or found.leading_id != mine.case_id:
                    continue
                last = found.case.events[-1]
                if last.event == "share":
                    assert found.reply_text == mine.reply_text
                    other.events.append("share")
                elif last.event == "offer":
                    assert last.data["text"] == mine.reply_text and last.before == last.after == {}
                    other.events.append("offer")
        elif event == "link":
            leading = next(c for _, c in self.everything() if c.case_id == mine.leading_id)
            if leading.case.state == "replied":
                followed.events.append("share")

    def state(self, followed: Followed) -> tuple[Any, ...]:
        found = self.look(followed)
        case = found.case
        return (
            case.state, case.version, case.holder_unit_id, case.due_on, case.round, case.outcome, found.reply_text,
            found.sign_due_on, found.returns, found.urgent, [row.ended_at for row in found.assisting], len(case.rounds),
        )  # fmt: skip

    def look(self, followed: Followed) -> Consultation:
        """The consultation with its case and events as they stand, read once after each step."""
        if followed.number not in self.seen:
            with self.database.read() as session:
                found = repository.get_readable(session, self.actors["admin"], followed.number)
                self.seen[followed.number] = found
        return self.seen[followed.number]

    def everything(self) -> Iterator[tuple[Followed, Consultation]]:
        return ((followed, self.look(followed)) for followed in self.cases)

    @invariant()
    def no_case_is_lost_and_numbers_have_no_gap(self) -> None:
        with self.database.read() as session:
            rows = session.execute(select(Case.number, Case.year, Case.serial).order_by(Case.id)).all()
        assert [row.number for row in rows] == [followed.number for followed in self.cases]
        for year in {row.year for row in rows}:
            serials = [row.serial for row in rows if row.year == year]
            assert serials == list(range(1, len(serials) + 1))

    @invariant()
    def no_event_is_lost_and_the_sequence_has_no_gap(self) -> None:
        for followed, found in self.everything():
            rows = found.case.events
            assert [row.event for row in rows] == followed.events
            assert [row.seq for row in rows] == list(range(1, len(rows) + 1))

    @invariant()
    def each_event_begins_where_the_one_before_ended(self) -> None:
        for _, found in self.everything():
            for earlier, later in pairwise(found.case.events):
                assert later.from_state == earlier.to_state
            assert found.case.events[-1].to_state == found.case.state

    @invariant()
    def every_text_ever_entered_is_in_the_events(self) -> None:
        for followed, found in self.everything():
            kept = [
                value for row in found.case.events for value in row.data.values() if isinstance(value, str)
            ]
            for text in followed.texts:
                assert text in kept

    @invariant()
    def number_code_and_registration_never_change(self) -> None:
        for followed, found in self.everything():
            case = found.case
            assert (case.number, case.query_code, case.registered_at) == (
                followed.number, followed.code, followed.registered,
            )  # fmt: skip

    @invariant()
    def no_clock_is_reset(self) -> None:
        for followed, found in self.everything():
            case = found.case
            if followed.due is not None:
                assert case.due_on == followed.due
            followed.due = case.due_on
            if case.due_on is not None:
                assert case.clock_started_on == followed.registered.date()
            for row in case.rounds:
                limit = (row.clock_started_on, row.due_on)
                assert followed.limits.setdefault(row.number, limit) == limit

    @invariant()
    def the_punctuality_of_a_finished_round_never_changes(self) -> None:
        for followed, found in self.everything():
            finished = {row.number: (row.due_on, row.met_on) for row in found.case.rounds if row.met_on}
            for number, settled in followed.settled.items():
                assert finished[number] == settled
            followed.settled = finished
            assert sorted(row.number for row in found.case.rounds) == list(
                range(1, len(found.case.rounds) + 1)
            )
            if found.case.met_on is not None:
                assert finished[1] == (found.case.due_on, found.case.met_on)
            if finished:
                due, met = finished[max(finished)]
                if max(finished) == found.case.round:
                    assert is_overdue(LIFECYCLE, found.case, self.now.date()) is (met > due)

    @invariant()
    def a_reply_that_was_accepted_is_the_one_shown(self) -> None:
        for _, found in self.everything():
            written = [
                row.data.get("adopted", row.data)["text"]
                for row in found.case.events
                if row.event in ("reply", "submit", "share", "adopt")
            ]
            assert found.reply_text == (written[-1] if written else "")

    @invariant()
    def a_unit_holds_it_exactly_in_the_states_that_are_a_units(self) -> None:
        for _, found in self.everything():
            case = found.case
            if case.state in HELD:
                assert case.holder_unit_id is not None
            if case.state in ("registered", "to_assign", "linked"):
                assert case.holder_unit_id is None
                assert not found.assisting_now

    @invariant()
    def whoever_waits_for_a_leading_case_has_one_that_will_answer(self) -> None:
        by_id = {found.case_id: found for _, found in self.everything()}
        for _, found in self.everything():
            if found.case.state == "linked":
                assert found.leading_id is not None
                leading = by_id[found.leading_id]
                assert leading.case.state in rules.LEADING_STATES
                assert leading.leading_id is None

    @invariant()
    def every_telling_and_opinion_has_its_row(self) -> None:
        with self.database.read() as session:
            for followed, found in self.everything():
                events = followed.events
                tellings = repository.tellings(session, found.case_id)
                assert sum(not row.succeeded for row in tellings) == events.count("tell_failed")
                assert sum(row.succeeded for row in tellings) == events.count("tell") + events.count("answer")
                assert len(repository.opinions(session, found.case_id)) == events.count("opine")
                assert len(repository.follow_ups(session, found.case_id)) == events.count("follow_up")

    def teardown(self) -> None:
        self.database.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def test_whatever_is_tried_in_whatever_order(sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Walk, "template", sqlite_template, raising=False)
    run_state_machine_as_test(
        Walk,
        settings=settings(
            max_examples=20, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )  # fmt: skip
