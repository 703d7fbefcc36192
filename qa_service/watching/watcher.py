"""Looks at everything pending, issues cards and reminders that are due, and ends cards that are over.

First a plan, read without any lock; where there is something to do, the cases concerned are locked, looked at once
more, and written in one transaction. Keys in the database make each card and reminder happen once, also with several
processes, and after a crash whatever was not committed is done by the next look.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit
from qa_service.cases.models import Case
from qa_service.kit import clock
from qa_service.kit.database import Database, insert_into
from qa_service.watching import configuration, messages, texts
from qa_service.watching.messages import Letter
from qa_service.watching.models import WatchCard, WatchReminder
from qa_service.watching.pending import Pending, find_pending
from qa_service.watching.recipients import Addressee, Directory, load_directory
from qa_service.watching.rules import TIMED, Colour, Step, WatchSettings, colour_of, steps_due, why
from qa_service.zones.calendar import load_calendars

BATCH = 100
NOBODY = "nobody"
CardKey = tuple[int, int, str, date, str]
ReminderKey = tuple[int, int, str, date, str, str]
REMINDER_KEY = ("case_id", "round", "rule", "due_on", "step", "recipient")


@dataclass(frozen=True, slots=True)
class Plan:
    """`over`: ids of cards whose matter is done or has turned red; `reminders`: all steps due of one pending thing, of
    which at least one has not been taken."""

    cards: tuple[tuple[Pending, Colour], ...]
    over: tuple[tuple[int, int], ...]
    reminders: tuple[tuple[Pending, tuple[Step, ...]], ...]

    @property
    def case_ids(self) -> list[int]:
        found = {pending.case_id for pending, _ in (*self.cards, *self.reminders)}
        return sorted(found | {case_id for case_id, _ in self.over})


def watch(database: Database) -> int:
    """Look once; returns how many cases something was done about."""
    with database.read() as session:
        case_ids = plan_watch(session, configuration.load(session)).case_ids
    for at in range(0, len(case_ids), BATCH):
        with database.write() as session:
            _carry_out(session, case_ids[at : at + BATCH])
    return len(case_ids)


def plan_watch(session: Session, settings: WatchSettings, case_ids: Sequence[int] | None = None) -> Plan:
    pending = find_pending(session, settings, case_ids)
    coloured = [(one, colour_of(one.rule, one.left, one.limit_days, settings)) for one in pending]
    wanted = {
        (*one.key, str(colour)): (one, colour) for one, colour in coloured if colour is not Colour.GREEN
    }
    held = {_key(row) for row in session.execute(_cards_of_open_cases(case_ids))}
    return Plan(
        tuple(found for key, found in wanted.items() if key not in held),
        tuple(
            (row.case_id, row.id) for row in session.execute(_open_cards(case_ids)) if _key(row) not in wanted
        ),
        tuple(_reminders(session, settings, pending, case_ids)),
    )


def _reminders(
    session: Session, settings: WatchSettings, pending: Sequence[Pending], case_ids: Sequence[int] | None
) -> Iterator[tuple[Pending, tuple[Step, ...]]]:
    now, hours, calendars = clock.now(), settings.office_hours, load_calendars(session)
    open_zones: dict[int, bool] = {}
    taken = {tuple(row) for row in session.execute(_taken_steps(case_ids))}
    for one in pending:
        steps = steps_due(one.rule, one.left, settings)
        if not steps or all((*one.key, step.code) in taken for step in steps):
            continue
        if one.zone_id not in open_zones:
            open_zones[one.zone_id] = hours.includes(now, calendars.of(one.zone_id))
        if open_zones[one.zone_id]:
            yield one, tuple(steps)


def _carry_out(session: Session, case_ids: Sequence[int]) -> None:
    """Do what is still to be done about these cases; nobody acts on them meanwhile."""
    session.execute(select(Case.id).where(Case.id.in_(case_ids)).order_by(Case.id).with_for_update())
    settings = configuration.load(session)
    plan = plan_watch(session, settings, case_ids)
    at = clock.now()
    for _, card_id in plan.over:
        session.get_one(WatchCard, card_id).ended_at = at
    if plan.cards:
        cards = [_card(pending, colour, settings) for pending, colour in plan.cards]
        session.connection().execute(insert_into(session, WatchCard).on_conflict_do_nothing(), cards)
    if plan.reminders:
        _remind(session, settings, plan.reminders)


def _card(pending: Pending, colour: Colour, settings: WatchSettings) -> dict[str, Any]:
    return {
        "case_id": pending.case_id, "round": pending.round, "rule": pending.rule.code, "due_on": pending.due_on,
        "colour": str(colour), "unit_id": pending.unit_id, "issued_at": clock.now(), "basis": pending.rule.basis,
        "reason": why(pending.rule, colour, pending.left, pending.limit_days, settings),
    }  # fmt: skip


def _remind(
    session: Session, settings: WatchSettings, reminders: Sequence[tuple[Pending, tuple[Step, ...]]]
) -> None:
    """Claim all reminders at once and write the messages at once: one after the other, a morning with thousands of them
    took minutes."""
    directory = load_directory(session)
    units = {row.id: row.name for row in session.execute(select(Unit.id, Unit.name))}
    taken = {
        tuple(row) for row in session.execute(_taken_steps([pending.case_id for pending, _ in reminders]))
    }
    wanted = [
        (pending, step, people)
        for pending, steps in reminders
        for step, people in _by_step(directory, pending, steps)
        if (*pending.key, step.code) not in taken
    ]
    ours = _claim(
        session,
        [
            (*pending.key, step.code, recipient)
            for pending, step, people in wanted
            for recipient in [one.key for one in people] or [NOBODY]
        ],
    )
    letters = []
    for pending, step, people in wanted:
        fresh = [one for one in people if (*pending.key, step.code, one.key) in ours]
        title, body = texts.reminder(pending, step, units.get(pending.unit_id or 0, ""))
        letter = Letter("reminder", title, body, f"/case/{pending.number}", pending.zone_id, in_hours=True)
        letters.append((fresh, letter))
    messages.post_all(session, letters, settings)


def _by_step(
    directory: Directory, pending: Pending, steps: Sequence[Step]
) -> Iterator[tuple[Step, list[Addressee]]]:
    told = directory.by_step(steps, pending.unit_id, pending.zone_id)
    return ((step, told[step.code]) for step in steps)


def _claim(session: Session, keys: Sequence[ReminderKey]) -> set[ReminderKey]:
    """Which of these reminders are ours to give: the first who writes a row gives it."""
    if not keys:
        return set()
    at = clock.now()
    columns = [getattr(WatchReminder, name) for name in REMINDER_KEY]
    statement = insert_into(session, WatchReminder).on_conflict_do_nothing().returning(*columns)
    rows = [{**dict(zip(REMINDER_KEY, key, strict=True)), "at": at} for key in keys]
    return {tuple(row) for row in session.connection().execute(statement, rows)}


def _key(row: Any) -> CardKey:
    return row.case_id, row.round, row.rule, row.due_on, row.colour


_CARD = (WatchCard.id, WatchCard.case_id, WatchCard.round, WatchCard.rule, WatchCard.due_on, WatchCard.colour)


def _cards_of_open_cases(case_ids: Sequence[int] | None) -> Any:
    statement = select(*_CARD).join(Case, Case.id == WatchCard.case_id).where(Case.state.in_(TIMED))
    return statement if case_ids is None else statement.where(WatchCard.case_id.in_(case_ids))


def _open_cards(case_ids: Sequence[int] | None) -> Any:
    statement = select(*_CARD).where(WatchCard.ended_at.is_(None))
    return statement if case_ids is None else statement.where(WatchCard.case_id.in_(case_ids))


def _taken_steps(case_ids: Sequence[int] | None) -> Any:
    reminder = WatchReminder
    statement = (
        select(reminder.case_id, reminder.round, reminder.rule, reminder.due_on, reminder.step)
        .join(Case, Case.id == reminder.case_id)
        .where(Case.state.in_(TIMED))
        .distinct()
    )
    return statement if case_ids is None else statement.where(reminder.case_id.in_(case_ids))
