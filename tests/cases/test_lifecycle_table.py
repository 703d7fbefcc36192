"""The lifecycle table: what it refuses, what it draws, and the two tables of the service."""

from __future__ import annotations

from pathlib import Path

import pytest

from qa_service.accounts.roles import Role
from qa_service.cases import chart
from qa_service.cases.lifecycle import STAY, Act, Audience, Clock, Lifecycle, State
from qa_service.consultations import lifecycle as consultations
from qa_service.consultations.schemas import ActFields
from qa_service.library import lifecycle as library

DESK = frozenset({Role.DESK})
OPEN, DONE = State("open", "打开", "打开"), State("done", "完成", "完成", final=True)
TABLES = [consultations.LIFECYCLE, library.LIFECYCLE]


def act(event: str, source: str, target: str) -> Act:
    return Act(event, event, frozenset({source}), target, DESK, f"{event}。")


def table(states: tuple[State, ...], *acts: Act, initial: str = "open") -> Lifecycle:
    return Lifecycle("test", initial, {state.code: state for state in states}, acts)


class TestLifecycle:
    def test_a_sound_table_is_accepted(self) -> None:
        sound = table((OPEN, DONE), act("finish", "open", "done"))
        assert sound.find("open", "finish") is not None
        assert sound.find("done", "finish") is None
        assert sound.events() == ["finish"]

    def test_an_act_that_stays_leads_to_where_it_began(self) -> None:
        staying = act("note", "open", STAY)
        sound = table((OPEN, DONE), staying, act("finish", "open", "done"))
        assert staying.leads_to("open") == "open"
        assert "    open --> open: note" in sound.mermaid()

    @pytest.mark.parametrize(
        ("states", "acts", "initial", "said"),
        [
            ((OPEN, DONE), [act("finish", "open", "done")], "nowhere", "initial state nowhere"),
            ((OPEN, DONE), [act("finish", "open", "gone")], "open", "undeclared state gone"),
            ((OPEN, DONE), [act("finish", "open", "done"), act("finish", "open", "open")], "open", "declared twice"),
            ((OPEN, DONE, State("lost", "", "", final=True)), [act("finish", "open", "done")], "open", "never reached"),
            ((OPEN, DONE), [act("finish", "open", "done"), act("again", "done", "open")], "open", "can be left"),
            ((OPEN, State("stuck", "", "")), [act("go", "open", "stuck")], "open", "dead end"),
            ((OPEN, State("stuck", "", "")), [act("go", "open", "stuck"), act("note", "stuck", STAY)], "open", "dead end"),
            ((OPEN, DONE), [act("finish", "open", "done"), act("note", "done", STAY)], "open", "can be left"),
        ],
    )  # fmt: skip
    def test_a_table_that_contradicts_itself_is_refused(
        self, states: tuple[State, ...], acts: list[Act], initial: str, said: str
    ) -> None:
        with pytest.raises(ValueError, match=said):
            table(states, *acts, initial=initial)

    def test_from_state_gives_the_buttons_of_a_role_in_the_order_of_the_table(self) -> None:
        both = table((OPEN, DONE), act("first", "open", "open"), act("second", "open", "done"))
        assert [a.event for a in both.from_state("open", Role.DESK)] == ["first", "second"]
        assert both.from_state("open", Role.UNIT) == []

    def test_mermaid_draws_every_state_and_every_step_once(self) -> None:
        drawn = table((OPEN, DONE), act("finish", "open", "done")).mermaid()
        assert drawn.splitlines() == [
            "stateDiagram-v2", "    [*] --> open: 登记", "    open: 打开", "    done: 完成", "    open --> done: finish",
            "    done --> [*]",
        ]  # fmt: skip


@pytest.mark.parametrize("lifecycle", TABLES, ids=lambda table: table.kind)
class TestTables:
    def test_every_state_can_be_reached_and_every_open_one_left(self, lifecycle: Lifecycle) -> None:
        steps = {(source, a.leads_to(source)) for a in lifecycle.acts for source in a.sources}
        reached = {lifecycle.initial} | {target for _, target in steps}
        assert reached == set(lifecycle.states)
        for code, state in lifecycle.states.items():
            assert state.final != any(source == code and target != code for source, target in steps)

    def test_every_act_belongs_to_somebody(self, lifecycle: Lifecycle) -> None:
        assert all(a.roles for a in lifecycle.acts)

    def test_every_state_and_step_is_in_the_drawing(self, lifecycle: Lifecycle) -> None:
        drawn = lifecycle.mermaid()
        for a in lifecycle.acts:
            for source in a.sources:
                assert f"    {source} --> {a.leads_to(source)}: {a.label}\n" in drawn


class TestConsultationTable:
    def test_needs_and_options_are_fields_that_a_form_can_send(self) -> None:
        known = set(ActFields.model_fields)
        for a in consultations.LIFECYCLE.acts:
            assert set(a.needs) | set(a.options) <= known, a.event

    def test_nothing_but_telling_the_person_meets_the_limit(self) -> None:
        assert [a.event for a in consultations.LIFECYCLE.acts if a.clock is Clock.MET] == ["tell"]

    def test_the_limit_runs_exactly_while_somebody_owes_the_person_an_answer(self) -> None:
        timed = {code for code, state in consultations.STATES.items() if state.timed}
        assert timed == {
            "to_assign", "assigned", "in_progress", "in_review", "replied", "linked",
        }  # fmt: skip

    def test_told_only_to_the_zone_is_still_in_progress_by_its_official_name(self) -> None:
        assert (
            consultations.STATES["replied"].official
            == consultations.STATES["in_progress"].official
            == "办理中"
        )

    def test_only_policy_units_sign_return_and_reply(self) -> None:
        for event in ("sign", "return", "reply", "submit", "approve", "reject", "opine"):
            assert {r for a in consultations.LIFECYCLE.acts if a.event == event for r in a.roles} == {
                Role.UNIT
            }

    def test_reasons_for_recalling_are_not_told_to_the_person(self) -> None:
        hidden = {a.event for a in consultations.LIFECYCLE.acts if a.audience is not Audience.PUBLIC}
        assert {"recall", "return", "void", "close", "archive"} <= hidden

    def test_the_printed_flow_chart_is_that_of_the_table(self) -> None:
        document = Path(__file__).resolve().parents[2] / "docs" / "consultation-lifecycle.md"
        written = document.read_text(encoding="utf-8")
        assert chart.renewed(written, consultations.LIFECYCLE) == written, (
            "流程表有改动，请重新生成：python -m qa_service.cases.chart docs/consultation-lifecycle.md"
        )
