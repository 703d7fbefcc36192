"""The search index of one process, kept in step with the database.

The database is the truth. Each process holds an immutable snapshot (engine + published faces) and looks
at the library revision every `refresh_seconds`; what changed since is read, what has no stored vector
yet is encoded, and a new snapshot replaces the old in one assignment. Words that staff add to the lexicon
are taken over likewise, by a revision of their own. A saved snapshot only makes the next start faster: it is
checked, brought up to date from the database, and rebuilt when damaged or made with other words.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit
from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.kit.files import locked_file
from qa_service.lexicon import repository as lexicon_repository
from qa_service.library import repository
from qa_service.library.face import Face
from qa_service.library.models import StoredCalibration
from qa_service.library.vectors import SqlVectorStore
from qa_service.search.calibration import Calibration
from qa_service.search.engine import Engine
from qa_service.search.errors import IndexDamaged
from qa_service.search.types import Encoder
from qa_service.text.lexicon import Lexicon

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
REFIT_SHARE = 0.1  # refit when this share of the library has changed in size since the last fit
SAVED = "search"
HEAT_SECONDS = 60.0  # a count this old is good enough to put suggestions in order


@dataclass(frozen=True, slots=True)
class UnitCard:
    """What a hit shows of the unit that made the policy."""

    id: int
    code: str
    name: str
    phone: str
    address: str
    hours: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One consistent state of the published library and the lexicon. Never changed, only replaced."""

    engine: Engine
    faces: Mapping[str, Face]
    units: Mapping[int, UnitCard]
    revision: int
    lexicon_revision: int = 0

    @property
    def revisions(self) -> tuple[int, int]:
        return self.revision, self.lexicon_revision


class LiveIndex:
    """`lexicon` holds the bundled words; those that staff have added are read from the database."""

    def __init__(
        self,
        database: Database,
        encoder: Encoder | None,
        lexicon: Lexicon,
        folder: Path,
        refresh_seconds: float = 0.5,
        heat_seconds: float = HEAT_SECONDS,
    ) -> None:
        self._database = database
        self._encoder = encoder
        self.bundled_lexicon = lexicon
        self._folder = folder
        self._refresh_seconds, self._heat_seconds = refresh_seconds, heat_seconds
        self._vectors = SqlVectorStore(database)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="library-refresh", daemon=True)
        self._snapshot: Snapshot | None = None
        self._saved_revisions = (-1, -1)
        self.heat: Mapping[str, int] = {}  # times of use of late by key; replaced, never changed
        self.healed = ""  # why the saved index had to be rebuilt at this start, for /health

    @property
    def snapshot(self) -> Snapshot:
        if self._snapshot is None:
            raise RuntimeError("LiveIndex.open has not been called")
        return self._snapshot

    def open(self, progress: Progress | None = None) -> None:
        """Load the saved index and bring it up to date, or build it from the database."""
        with self._lock:
            with self._database.read() as session:
                stored = self._stored(session)
                calibration = stored[0] if stored else None
                self._snapshot = self._load(session) or self._build(session, calibration, progress)
            if stored is None:
                self._store_calibration()
            if self._saved_revisions != self._snapshot.revisions:
                self._save()
        self.count_heat()
        _warm(self.snapshot.engine)

    def rebuild(self, progress: Progress | None = None) -> None:
        """Build anew from the database (vectors stored there are used again), fit, and save."""
        with self._lock:
            with self._database.read() as session:
                self._snapshot = self._build(session, None, progress)
            self._store_calibration()
            self._save()

    def refresh(self) -> bool:
        """Take over what has been published, changed or withdrawn since. True when something had been."""
        with self._lock:
            current = self.snapshot
            with self._database.read() as session:
                units = _unit_cards(session)
                revisions = (
                    repository.current_revision(session), lexicon_repository.current_revision(session)
                )  # fmt: skip
                if revisions == current.revisions and units == current.units:
                    return False
                changed, removed, revision = repository.faces_since(session, current.revision)
                lexicon, lexicon_revision = lexicon_repository.extended(session, self.bundled_lexicon)
            faces = {**current.faces, **{face.key: face for face in changed}}
            for key in removed:
                faces.pop(key, None)
            engine = current.engine
            if lexicon.fingerprint != engine.lexicon.fingerprint:
                engine = engine.with_lexicon(lexicon)
                _warm(engine)
            if changed or removed:
                engine = engine.updated(
                    [face.document() for face in changed], removed, self._encoder, self._vectors
                )
            self._snapshot = Snapshot(engine, faces, units, revision, lexicon_revision)
            return True

    def count_heat(self) -> None:
        """Count anew how often each entry was of use of late."""
        with self._database.read() as session:
            self.heat = repository.times_of_use(session, clock.now())

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop watching; save the index when it has moved on since it was last saved."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)
        if self._snapshot is not None and self._snapshot.revisions != self._saved_revisions:
            with self._lock:
                self._save()

    def _watch(self) -> None:
        counted = time.monotonic()
        while not self._stop.wait(self._refresh_seconds):
            try:
                if self.refresh():
                    self._refit_if_needed()
                if time.monotonic() - counted >= self._heat_seconds:
                    counted = time.monotonic()
                    self.count_heat()
            except Exception:
                # The old snapshot keeps answering; the next round tries again.
                log.exception("the search index could not be refreshed")

    def _build(
        self, session: Session, calibration: Calibration | None, progress: Progress | None
    ) -> Snapshot:
        faces, _, revision = repository.faces_since(session, 0)
        lexicon, lexicon_revision = lexicon_repository.extended(session, self.bundled_lexicon)
        engine = Engine.build(
            [face.document() for face in faces],
            self._encoder,
            lexicon,
            self._vectors,
            calibration,
            progress,
        )
        by_key = {face.key: face for face in faces}
        return Snapshot(engine, by_key, _unit_cards(session), revision, lexicon_revision)

    def _load(self, session: Session) -> Snapshot | None:
        """The saved index brought up to date, when it is whole and made with this encoder and lexicon.

        What it holds is compared with the database text by text, so an index that is behind (a crash
        between commit and index) or ahead (a restored backup) heals itself.
        """
        folder = self._folder / SAVED
        if not folder.exists():
            return None
        lexicon, lexicon_revision = lexicon_repository.extended(session, self.bundled_lexicon)
        try:
            engine = Engine.load(folder, self._encoder, lexicon)
        except IndexDamaged as error:
            self.healed = str(error)
            log.warning("saved index not usable, rebuilding from the database: %s", error)
            return None
        faces, _, revision = repository.faces_since(session, 0)
        held = {document.id: document for document in engine.documents}
        stale = [document for face in faces if held.pop(face.key, None) != (document := face.document())]
        if stale or held:
            engine = engine.updated(stale, sorted(held), self._encoder, self._vectors)
        else:
            self._saved_revisions = (revision, lexicon_revision)
        by_key = {face.key: face for face in faces}
        return Snapshot(engine, by_key, _unit_cards(session), revision, lexicon_revision)

    def _save(self) -> None:
        """Save for the next start. One process at a time; a failure costs only that start's speed."""
        snapshot = self.snapshot
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with locked_file(self._folder / "search.lock") as mine:
                if mine:
                    snapshot.engine.save(self._folder / SAVED)
                    self._saved_revisions = snapshot.revisions
        except OSError as error:
            log.warning("index not saved (the next start will be slower): %s", error)

    def _stored(self, session: Session) -> tuple[Calibration, int] | None:
        """(the stored fit for this encoder, the library's size then); None when there is none to use."""
        row = session.get(StoredCalibration, self._encoder.fingerprint) if self._encoder else None
        if row is None:
            return None
        try:
            return Calibration.of(row.data), row.library_size
        except (ValueError, KeyError, TypeError):
            log.info("the stored calibration is of another version of the software; fitting anew")
            return None

    def _store_calibration(self) -> None:
        snapshot = self.snapshot
        calibration = snapshot.engine.calibration
        if self._encoder is None or calibration is None:
            return
        with self._database.write() as session:
            session.merge(
                StoredCalibration(
                    encoder_fingerprint=self._encoder.fingerprint,
                    library_fingerprint=calibration.library_fingerprint, library_size=len(snapshot.faces),
                    library_revision=snapshot.revision, fitted_at=clock.now(), data=asdict(calibration),
                )
            )  # fmt: skip

    def _refit_if_needed(self) -> None:
        """Fit again when the library has grown or shrunk enough; take over a fit made by another process."""
        if self._encoder is None:
            return
        snapshot = self.snapshot
        with self._database.read() as session:
            stored = self._stored(session)
        if stored is not None:
            calibration, size = stored
            if abs(len(snapshot.faces) - size) <= REFIT_SHARE * max(size, 1):
                if calibration != snapshot.engine.calibration:
                    self._adopt(calibration)
                return
        fitted = snapshot.engine.recalibrated().calibration
        if fitted is not None:
            self._adopt(fitted)
            self._store_calibration()

    def _adopt(self, calibration: Calibration) -> None:
        with self._lock:
            latest = self.snapshot
            self._snapshot = replace(latest, engine=latest.engine.calibrated_with(calibration))


def _warm(engine: Engine) -> None:
    """The dictionary and the encoder load on first use: have that behind us before the first citizen asks."""
    engine.ask("咨询")


def _unit_cards(session: Session) -> dict[int, UnitCard]:
    rows = session.scalars(select(Unit))
    return {u.id: UnitCard(u.id, u.code, u.name, u.phone, u.address, u.hours) for u in rows}
