"""The bundled calendar, read once."""

from pathlib import Path

import pytest

from qa_service.workdays.calendar import WorkCalendar
from qa_service.workdays.calendar_file import read_calendar

CALENDAR_FILE = Path(__file__).resolve().parents[2] / "corpus" / "zone" / "calendar.csv"


@pytest.fixture(scope="session")
def calendar() -> WorkCalendar:
    return read_calendar(CALENDAR_FILE)
