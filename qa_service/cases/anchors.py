"""锚点: the end of the journal, noted now and then in a file outside the database.

Whoever can write to the database can rewrite a whole chain or cut its end off so that it agrees with itself again.
They cannot make it agree with what was noted elsewhere before. The file lies in the data folder; its last line may
also be written down by hand or sent away (`qa-service doctor` prints it), which then holds against those who can
write to the data folder, too.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from qa_service.cases.models import JournalHead
from qa_service.kit import clock
from qa_service.kit.database import Database

log = logging.getLogger(__name__)
FILE = "history-anchors.tsv"
SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Anchor:
    position: int
    digest: str
    at: str = ""


def current(session: Session) -> Anchor:
    """Where the journal ends now."""
    head = session.scalars(select(JournalHead)).one()
    return Anchor(head.position, head.digest)


def read(path: Path) -> list[Anchor]:
    """The anchors noted so far, oldest first. A line cut short by a power failure is passed over."""
    if not path.exists():
        return []
    noted = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        at, _, rest = line.partition("\t")
        position, _, digest = rest.partition("\t")
        if position.isdigit() and len(digest) == 64:
            noted.append(Anchor(int(position), digest, at))
    return noted


def note(path: Path, anchor: Anchor) -> bool:
    """Add `anchor` to the file unless it is there already, or the file knows of a later one."""
    noted = read(path)
    if anchor.position == 0 or (noted and noted[-1].position >= anchor.position):
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{clock.now():%Y-%m-%dT%H:%M:%SZ}\t{anchor.position}\t{anchor.digest}\n")
    return True


class AnchorWriter:
    """Notes the end of the journal at start, every minute in which it has moved, and at the end."""

    def __init__(self, database: Database, folder: Path, seconds: float = SECONDS) -> None:
        self._database, self._path, self._seconds = database, folder / FILE, seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="history-anchors", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        self._note()
        while not self._stop.wait(self._seconds):
            self._note()
        self._note()

    def _note(self) -> None:
        try:
            with self._database.reader() as session:
                anchor = current(session)
            note(self._path, anchor)
        except (OSError, SQLAlchemyError):
            # Work goes on without; the next minute tries again, and the doctor compares with the last one noted.
            log.exception("the end of the journal could not be noted")
