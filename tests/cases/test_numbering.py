"""编号: unique and gapless under concurrency, with real commits, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from sqlalchemy import select
from support.people import zone_id

from qa_service.cases.models import Case
from qa_service.cases.numbering import CODE_ALPHABET, case_number, new_query_code, next_serial
from qa_service.cases.service import open_case
from qa_service.consultations.lifecycle import CATEGORY, KIND, LIFECYCLE
from qa_service.kit.database import Database
from qa_service.zones.models import Zone

THREADS, EACH = 16, 6


class TestNextSerial:
    def test_starts_at_one_and_counts_each_zone_kind_and_year_for_itself(self, database: Database) -> None:
        with database.write() as session:
            county, town = zone_id(session, "QH01"), zone_id(session, "QH02")
            assert [next_serial(session, county, KIND, 2026) for _ in range(3)] == [1, 2, 3]
            assert next_serial(session, town, KIND, 2026) == 1
            assert next_serial(session, county, KIND, 2027) == 1
            assert next_serial(session, county, "disclosure", 2026) == 1
            assert next_serial(session, county, KIND, 2026) == 4

    def test_a_transaction_that_is_rolled_back_gives_its_number_to_the_next(self, database: Database) -> None:
        with database.write() as session:
            county = zone_id(session, "QH01")
            next_serial(session, county, KIND, 2026)
        with pytest.raises(RuntimeError), database.write() as session:
            assert next_serial(session, county, KIND, 2026) == 2
            raise RuntimeError("登记没有完成")
        with database.write() as session:
            assert next_serial(session, county, KIND, 2026) == 2


class TestOpenCase:
    def test_sixteen_threads_registering_at_once_get_numbers_without_gap_or_repeat(
        self, database: Database
    ) -> None:
        patient = Database(database.url, wait_seconds=30)
        barrier = Barrier(THREADS)

        def register(thread: int) -> list[str]:
            numbers = []
            barrier.wait()
            for turn in range(EACH):
                try:
                    with patient.write() as session:
                        zone = session.scalars(select(Zone).where(Zone.code == "QH01")).one()
                        number = open_case(session, LIFECYCLE, CATEGORY, zone).number
                        if (thread + turn) % 4 == 0:
                            raise RuntimeError("this registration does not come about")
                    numbers.append(number)
                except RuntimeError:
                    continue
            return numbers

        with ThreadPoolExecutor(THREADS) as pool:
            acknowledged = [number for numbers in pool.map(register, range(THREADS)) for number in numbers]
        with patient.read() as session:
            serials = sorted(session.scalars(select(Case.serial)))
            stored = set(session.scalars(select(Case.number)))
        patient.close()
        assert len(acknowledged) == THREADS * EACH * 3 // 4
        assert stored == set(acknowledged)
        assert serials == list(range(1, len(acknowledged) + 1))


class TestCaseNumber:
    def test_names_zone_kind_day_and_serial(self) -> None:
        assert case_number("QH01", "ZX", date(2026, 2, 13), 7) == "QH01-ZX-20260213-0007"

    def test_a_year_with_more_than_9999_cases_gets_longer_numbers(self) -> None:
        assert case_number("QH01", "ZX", date(2026, 12, 31), 12345).endswith("-12345")


class TestNewQueryCode:
    def test_is_ten_characters_that_cannot_be_mistaken_for_one_another(self) -> None:
        codes = {new_query_code() for _ in range(500)}
        assert len(codes) == 500
        assert all(len(code) == 10 and set(code) <= set(CODE_ALPHABET) for code in codes)
        assert not set("0O1IL2Z5S8B") & set(CODE_ALPHABET)
