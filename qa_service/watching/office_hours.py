"""办公时间: when reminders may go out. Pure; moments are aware, hours are those of China."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from qa_service.kit.clock import CHINA
from qa_service.workdays.calendar import WorkCalendar

_SPAN = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*[-—－至~]\s*([01]?\d|2[0-3]):([0-5]\d)")
LONGEST_BREAK = 60  # days; no holiday is as long


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """The spans of a working day, half-open and in order."""

    spans: tuple[tuple[time, time], ...]

    def includes(self, moment: datetime, calendar: WorkCalendar) -> bool:
        local = moment.astimezone(CHINA)
        return calendar.is_workday(local.date()) and any(
            start <= local.time() < end for start, end in self.spans
        )

    def next_moment(self, moment: datetime, calendar: WorkCalendar) -> datetime:
        """The first moment in office hours that is not before `moment`."""
        if self.includes(moment, calendar):
            return moment
        local = moment.astimezone(CHINA)
        for ahead in range(LONGEST_BREAK):
            day = local.date() + timedelta(days=ahead)
            if not calendar.is_workday(day):
                continue
            for start, _ in self.spans:
                opening = datetime.combine(day, start, CHINA)
                if opening >= local:
                    return opening
        raise ValueError(f"no working day in the {LONGEST_BREAK} days after {local.date()}")


def parse_hours(text: str) -> OfficeHours:
    """ "08:30-12:00 14:00-17:30" as office hours. Raises ValueError, in Chinese, where that is not what it says."""
    found = _SPAN.findall(text)
    rest = _SPAN.sub("", text)
    if not found or re.sub(r"[\s,，;；、和]", "", rest):
        raise ValueError("办公时间请写成“08:30-12:00 14:00-17:30”的样子")
    spans = tuple((time(int(a), int(b)), time(int(c), int(d))) for a, b, c, d in found)
    ends = [moment for span in spans for moment in span]
    if ends != sorted(set(ends)):
        raise ValueError("办公时间的起止应当先后相接，不能重叠")
    return OfficeHours(spans)
