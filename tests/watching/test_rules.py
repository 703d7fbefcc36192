"""Colours, timetables and office hours: pure rules."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.cases.lifecycle import Clock
from qa_service.consultations.lifecycle import LIFECYCLE, STATES
from qa_service.kit.clock import CHINA
from qa_service.watching.channels.robots import dingtalk_sign, shortened
from qa_service.watching.office_hours import parse_hours
from qa_service.watching.pending import Pending
from qa_service.watching.rules import (
    BEFORE,
    RULES,
    SUPERVISION_REASONS,
    TIMED,
    TO_LEADER,
    TO_SUPERVISOR,
    WITH_UNIT,
    Colour,
    Step,
    WatchSettings,
    colour_of,
    steps_due,
    why,
    why_no_notice,
)
from qa_service.watching.texts import reminder
from qa_service.workdays.calendar import WorkCalendar
from qa_service.workdays.calendar_file import read_calendar

CALENDAR: WorkCalendar = read_calendar(Path(__file__).parents[2] / "corpus" / "zone" / "calendar.csv")
HOURS = WatchSettings().office_hours
CASE = RULES["case"]


class TestColours:
    @pytest.mark.parametrize(
        ("left", "limit", "colour"),
        [
            (2, 5, "green"), (1, 5, "yellow"), (0, 5, "yellow"), (-1, 5, "red"),
            (4, 20, "green"), (3, 20, "yellow"), (1, 20, "yellow"), (-1, 20, "red"),
        ],
    )  # fmt: skip
    def test_of_a_case(self, left: int, limit: int, colour: str) -> None:
        assert colour_of(CASE, left, limit, WatchSettings()) == colour

    @given(
        left=st.integers(-30, 30), limit=st.integers(1, 60), short=st.integers(0, 9), long=st.integers(0, 9),
        rule=st.sampled_from(list(RULES.values())),
    )  # fmt: skip
    def test_never_grow_kinder_as_time_runs_out(
        self, left: int, limit: int, short: int, long: int, rule
    ) -> None:  # type: ignore[no-untyped-def]
        settings = WatchSettings(yellow_short=short, yellow_long=long, stage_yellow=short)
        order = [Colour.GREEN, Colour.YELLOW, Colour.RED]
        now, later = (colour_of(rule, days, limit, settings) for days in (left, left - 1))
        assert order.index(later) >= order.index(now)
        assert (now is Colour.RED) == (left < 0)

    def test_the_states_watched_are_those_of_the_lifecycle(self) -> None:
        assert {code for code, state in STATES.items() if state.timed} == TIMED
        assert all(rule.states <= TIMED for rule in RULES.values())
        stopped = {act.target for act in LIFECYCLE.acts if act.clock is Clock.MET}
        assert not stopped & TIMED and WITH_UNIT < TIMED

    @pytest.mark.parametrize(
        ("rule", "left", "said"),
        [
            ("case", 1, "答复期限只剩1个工作日（剩余不超过1个工作日亮黄牌）"), ("case", 0, "答复期限今天到期（剩余不超过1个工作日亮黄牌）"),
            ("tell", 0, "告知咨询人今天到期（到期当天亮黄牌）"), ("sign", -2, "签收已超期"),
        ],
    )  # fmt: skip
    def test_a_card_says_why(self, rule: str, left: int, said: str) -> None:
        settings = WatchSettings()
        assert why(RULES[rule], colour_of(RULES[rule], left, 5, settings), left, 5, settings) == said


class TestSteps:
    @pytest.mark.parametrize(
        ("left", "steps"),
        [
            (2, []), (1, ["before"]), (0, ["due"]), (-1, ["late", "suggest", "leader"]),
            (-2, ["late", "suggest", "leader", "supervisor"]), (-9, ["late", "suggest", "leader", "supervisor"]),
        ],
    )  # fmt: skip
    def test_of_a_case(self, left: int, steps: list[str]) -> None:
        assert [step.code for step in steps_due(CASE, left, WatchSettings())] == steps

    def test_a_stage_is_not_urged(self) -> None:
        assert [step.code for step in steps_due(RULES["sign"], -1, WatchSettings())] == ["late", "leader"]


class TestReminders:
    @pytest.mark.parametrize(
        ("step", "unit_id", "asked"),
        [
            (BEFORE, 7, "请抓紧拟定答复并告知咨询人。"), (TO_LEADER, 7, "请督促办理。"),
            (TO_SUPERVISOR, 7, "请督促承办单位办理，必要时催办、督办。"), (TO_SUPERVISOR, None, "还没有交办承办单位，请及时交办。"),
        ],
    )  # fmt: skip
    def test_each_reader_is_asked_for_what_they_can_do(
        self, step: Step, unit_id: int | None, asked: str
    ) -> None:
        due_on = datetime(2026, 11, 20, tzinfo=CHINA).date()
        pending = Pending(1, "QH01-ZX-20261113-0001", 1, CASE, due_on, -2, 5, 1, unit_id, "社会保险")
        title, body = reminder(pending, step, "县民政局" if unit_id else "")
        assert title.startswith(step.label) and "QH01-ZX-20261113-0001" in title
        assert body.endswith(f"已超期2个工作日。{asked}")
        assert ("由县民政局承办" in body) is (unit_id is not None)


class TestOfficeHours:
    @pytest.mark.parametrize(
        ("moment", "open_", "following"),
        [
            ("2026-02-13 08:29", False, "2026-02-13 08:30"), ("2026-02-13 08:30", True, "2026-02-13 08:30"),
            ("2026-02-13 12:00", False, "2026-02-13 14:00"), ("2026-02-13 17:30", False, "2026-02-14 08:30"),
            ("2026-02-14 09:00", True, "2026-02-14 09:00"),  # a Saturday that is worked
            ("2026-02-14 20:00", False, "2026-02-24 08:30"),  # 春节
            ("2026-02-20 10:00", False, "2026-02-24 08:30"),
        ],
    )  # fmt: skip
    def test_know_holidays_and_make_up_days(self, moment: str, open_: bool, following: str) -> None:
        at = datetime.fromisoformat(moment).replace(tzinfo=CHINA)
        assert HOURS.includes(at, CALENDAR) is open_
        assert HOURS.next_moment(at, CALENDAR) == datetime.fromisoformat(following).replace(tzinfo=CHINA)

    @given(st.integers(0, 525_600))
    def test_the_next_moment_is_one_of_them_and_not_in_the_past(self, minutes: int) -> None:
        at = datetime(2026, 1, 1, tzinfo=CHINA) + timedelta(minutes=minutes)
        following = HOURS.next_moment(at, CALENDAR)
        assert following >= at and HOURS.includes(following, CALENDAR)
        assert HOURS.next_moment(following, CALENDAR) == following

    @pytest.mark.parametrize(
        "text", ["", "上午", "09:00", "12:00-09:00", "09:00-12:00 11:00-13:00", "25:00-26:00", "9:00-12:00 x"]
    )
    def test_what_is_no_span_is_refused(self, text: str) -> None:
        with pytest.raises(ValueError, match="办公时间"):
            parse_hours(text)

    def test_are_read_as_people_write_them(self) -> None:
        assert parse_hours("8:30—12:00，14:00至17:30") == HOURS


@pytest.mark.parametrize("reason", ["", *SUPERVISION_REASONS])
@pytest.mark.parametrize("overdue", [True, False])
def test_supervision_names_its_reason_and_what_is_wanted(reason: str, overdue: bool) -> None:
    def field(text: str) -> str:
        return why_no_notice("supervise", reason, text, state="answered", overdue=overdue)[0]

    allowed = reason in SUPERVISION_REASONS and (reason != "overdue" or overdue)
    assert field("请于今天办结") == ("" if allowed else "reason_code")
    assert field("  ") == ("text" if allowed else "reason_code")


def test_only_a_unit_at_work_is_urged() -> None:
    assert [s for s in STATES if not why_no_notice("urge", "", "", state=s, overdue=False)[0]] == [
        s for s in STATES if s in WITH_UNIT
    ]


def test_signature_of_dingtalk_and_the_limit_of_wecom() -> None:
    # HMAC-SHA256 of "1700000000000\\nSEC" under "SEC", computed with openssl.
    assert dingtalk_sign("1700000000000", "SEC") == "r+2we0q01lkZqz38LA5IPNbHN81U1leRf3Au4PSQb6Q="
    cut = shortened("政" * 1000, 2048)
    assert len(cut.encode()) <= 2048 and cut.endswith("…") and shortened("短", 2048) == "短"
