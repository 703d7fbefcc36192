"""Threads that work behind the requests: they look again and again, and nothing that fails ends them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class Background:
    """Calls `work` every `seconds` until it is stopped. `work` says whether there is more to do at once."""

    def __init__(self, name: str, seconds: float, work: Callable[[], bool]) -> None:
        self._name, self._seconds, self._work = name, seconds, work
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more. What is under way is finished, or done again by the next process."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stopping.wait(self._seconds):
            try:
                while not self._stopping.is_set() and self._work():
                    pass
            except Exception:
                # What is to be done stands in the database; the next round tries again.
                log.exception("%s could not do its work", self._name)
