"""The advisory lock and the clock."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from qa_service.kit import clock
from qa_service.kit.files import locked_file

HOLD = (
    "import sys, pathlib; from qa_service.kit.files import locked_file\n"
    "with locked_file(pathlib.Path(sys.argv[1])) as mine:\n    print(mine, flush=True); sys.stdin.read()\n"
)


class TestLockedFile:
    def test_another_process_does_not_get_it_until_it_is_given_back(self, tmp_path: Path) -> None:
        path = tmp_path / "lock"
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert holder.stdin and holder.stdout
        assert holder.stdout.readline().strip() == "True"
        with locked_file(path) as mine:
            assert not mine
        holder.stdin.close()
        holder.wait(timeout=30)
        with locked_file(path) as mine:
            assert mine

    def test_a_killed_holder_does_not_keep_it(self, tmp_path: Path) -> None:
        path = tmp_path / "lock"
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert holder.stdout
        holder.stdout.readline()
        holder.kill()
        holder.wait(timeout=30)
        with locked_file(path) as mine:
            assert mine


class TestClock:
    def test_the_day_changes_at_midnight_in_china_not_in_utc(self) -> None:
        with clock.stopped_at(datetime(2026, 2, 13, 15, 59, tzinfo=UTC)):
            assert clock.today() == date(2026, 2, 13)
        with clock.stopped_at(datetime(2026, 2, 13, 16, 0, tzinfo=UTC)):
            assert clock.today() == date(2026, 2, 14)

    def test_a_clock_stopped_inside_another_gives_way_to_it_again(self) -> None:
        outer, inner = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
        with clock.stopped_at(outer):
            with clock.stopped_at(inner):
                assert clock.now() == inner
            assert clock.now() == outer
        assert clock.now() > outer
