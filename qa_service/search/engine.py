"""Search over one library: an immutable snapshot that many threads may read.

normalise → words by their sound → words and vector → candidates of both → joint ranking → calibrated probability → decision.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from ..text.lexicon import Lexicon
from ..text.normalise import normalise
from ..text.phonetic import Phonetics, Readings
from ..text.regions import Bearing
from ..text.segment import segment
from .answer_types import Said, asked_types
from .calibration import NEAR_DUPLICATE, OFFERED, Calibration, calibrate, features_of, offer_features_of
from .decision import decide
from .dense import DenseIndex, late_texts_of, texts_of, wordings
from .errors import EncoderMismatch
from .exact import exact_key, exact_table
from .fingerprint import document_digest
from .fusion import Asked, Ranked, Ranker, places_by_id
from .hearing import phonetics_of
from .hits import Query, Shown, share_of
from .late import LateIndex
from .lexical import LexicalIndex, best_attainable, query_terms
from .logistic import Floats
from .parts import Parts
from .permitted import Permitted
from .reading import Fillers, QueryReader
from .scope import ScopeIndex, scope_of
from .storage import load_index, save_index
from .suggest import SuggestIndex, Suggestion
from .types import (
    Decision,
    Document,
    Encoder,
    Filters,
    Longs,
    Mask,
    Outcome,
    Suppressed,
    VectorStore,
)
from .validity import obstacle
from .vectors import Fetched, InMemoryVectorStore, Report, fetch

Progress = Callable[[str, int, int], None]

# Nobody's question is longer; what follows would only dilute it. The raw limit spares the normaliser.
_QUESTION_LIMIT, _RAW_LIMIT = 300, 2000
_EXACT_CONFIDENCE, _SHARED_CONFIDENCE = 0.99, 0.6
_SUPPRESSED_AMONG = 3
# A question that names a region or a year is never answered outright by an entry that may be of another one.
_DOUBTFUL = (Bearing.UNSAID, Bearing.ELSEWHERE, Bearing.OTHER_YEAR)


def _silent(stage: str, done: int, total: int) -> None:
    """No progress wanted."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Ids of the hits that would be offered, and by what they are judged: judge.FEATURES and OFFER_FEATURES."""

    offered: tuple[str, ...]
    first: Floats
    offer: Floats


class Engine:
    """See the module. Make one with `build`, `load`, `updated` or `with_lexicon`."""

    def __init__(self, parts: Parts) -> None:
        if parts.encoder is not None and parts.calibration is not None:
            parts = replace(parts, calibration=parts.calibration.judged_by(parts.encoder.judge))
        self._parts = parts
        self._documents, self._lexicon, self._dense = parts.documents, parts.lexicon, parts.dense
        self._ids = tuple(d.id for d in parts.documents)
        self._number = {id_: n for n, id_ in enumerate(self._ids)}
        self._ranker = Ranker(parts.dense, parts.late, parts.lexical, places_by_id(self._ids), parts.scopes)
        self._reader = None
        if parts.encoder is not None:
            self._reader = QueryReader(parts.encoder, parts.late, Fillers(parts.encoder))
        self._library_fingerprint = parts.library_fingerprint()
        self._shown = Shown(
            parts.documents, parts.wordings, parts.dense, parts.late is not None, parts.lexicon, parts.scopes
        )  # fmt: skip
        self._exact = exact_table([[wording.normal for wording in entry] for entry in parts.wordings])
        self._permitted = Permitted(parts.documents)
        self._said: dict[int, Said] = {}
        self._heat: tuple[Mapping[str, int], Longs] | None = None

    @classmethod
    def build(
        cls,
        documents: Sequence[Document],
        encoder: Encoder | None,
        lexicon: Lexicon,
        vectors: VectorStore | None = None,
        calibration: Calibration | None = None,
        progress: Progress | None = None,
    ) -> Engine:
        """Index `documents` (ids unique, any order).

        Unless a `calibration` made with this encoder is given, one is fitted from them.

        `progress(stage, done, total)`; stages are "words", "vectors" and "calibration".
        """
        say = progress or _silent
        ordered = tuple(sorted(documents, key=lambda d: d.id))
        say("words", 0, len(ordered))
        lexical = LexicalIndex.build(ordered, lexicon)
        entries = tuple(wordings(document) for document in ordered)
        suggestions = SuggestIndex.build([d.id for d in ordered], entries)
        scopes = ScopeIndex.build(ordered, lexicon)
        say("words", len(ordered), len(ordered))
        dense, late = None, None
        if encoder is not None:
            store = vectors if vectors is not None else InMemoryVectorStore()
            found = _encoded(ordered, encoder, store, lambda done, total: say("vectors", done, total))
            dense = DenseIndex.build(ordered, found.vectors, encoder.dim)
            if encoder.token_dim:
                late = LateIndex.of(ordered, found.states, encoder.token_dim, Fillers(encoder))
        if encoder is None or calibration is None or calibration.encoder_fingerprint != encoder.fingerprint:
            calibration = None
        engine = cls(Parts(
            ordered, entries, _digests(ordered), lexical, dense, late, suggestions, scopes, phonetics_of(lexicon, lexical),
            lexicon, encoder, calibration,
        ))  # fmt: skip
        return engine if calibration is not None else engine.recalibrated(progress)

    def recalibrated(self, progress: Progress | None = None) -> Engine:
        """The same snapshot with a calibration fitted anew from its documents."""
        if self._reader is None:
            return self
        say = progress or _silent
        fitted = calibrate(
            self._ranker, self._documents, self._lexicon, self._reader, self._library_fingerprint,
            lambda done, total: say("calibration", done, total),
        )  # fmt: skip
        return self.calibrated_with(fitted)

    def calibrated_with(self, calibration: Calibration) -> Engine:
        """The same snapshot with a calibration fitted elsewhere (by another process, for this library)."""
        return Engine(replace(self._parts, calibration=calibration))

    def hearing(self, phonetics: Phonetics) -> Engine:
        """The same snapshot with other words taken by their sound; for measuring what that contributes."""
        return Engine(replace(self._parts, phonetics=phonetics))

    def with_lexicon(self, lexicon: Lexicon) -> Engine:
        """The same snapshot with other words: the documents that hold one of them are cut anew, and questions
        with them. Vectors, tokens, suggestions and calibration know nothing of words and stay."""
        before, after = self._lexicon.words(), lexicon.words()
        differing = {word for word, _ in before.items() ^ after.items()}
        lexical = self._parts.lexical.recut(self._documents, differing, lexicon)
        scopes = self._parts.scopes
        if lexicon.regions.names != self._lexicon.regions.names:
            scopes = ScopeIndex.build(self._documents, lexicon)
        phonetics = phonetics_of(lexicon, lexical, self._parts.phonetics.pinyins)
        return Engine(
            replace(self._parts, lexical=lexical, scopes=scopes, phonetics=phonetics, lexicon=lexicon)
        )

    def updated(
        self,
        changed: Sequence[Document],
        removed: Sequence[str],
        encoder: Encoder | None,
        vectors: VectorStore | None,
    ) -> Engine:
        """A new snapshot with `changed` added or replaced and `removed` ids gone (unknown ids do not matter).

        Encodes only texts whose vector is not in `vectors`. The calibration is kept; see `calibration_stale`.
        Raises EncoderMismatch when `encoder` is not the one this snapshot was made with.
        """
        if self._dense is not None and encoder is None:
            raise EncoderMismatch("更新带有向量的索引时没有语义模型")
        if encoder is not None and encoder.fingerprint != self.encoder_fingerprint:
            raise EncoderMismatch("更新时使用的语义模型与建立索引时不同")
        old = self._parts
        added = sorted({d.id: d for d in changed}.values(), key=lambda d: d.id)
        gone = {d.id for d in added} | set(removed)
        kept = [n for n, id_ in enumerate(self._ids) if id_ not in gone]
        documents = (*(self._documents[n] for n in kept), *added)
        dense, late = None, None
        if old.dense is not None and encoder is not None:
            found = _encoded(added, encoder, vectors if vectors is not None else InMemoryVectorStore())
            dense = old.dense.updated(kept, added, found.vectors)
            if old.late is not None:
                picked = np.asarray(kept, dtype=np.int64)
                late = old.late.updated(old.dense, picked, added, found.states, Fillers(encoder))
        entries = (*(old.wordings[n] for n in kept), *(wordings(document) for document in added))
        lexical = old.lexical.updated(kept, added, self._lexicon)
        return Engine(replace(
            old, documents=documents, wordings=entries, lexical=lexical, dense=dense, late=late,
            digests={**{self._ids[n]: old.digests[self._ids[n]] for n in kept}, **_digests(added)},
            suggestions=SuggestIndex.build([d.id for d in documents], entries, old.suggestions.pinyins),
            scopes=old.scopes.updated(kept, added, self._lexicon),
            phonetics=phonetics_of(self._lexicon, lexical, old.phonetics.pinyins),
        ))  # fmt: skip

    @property
    def ranker(self) -> Ranker:
        """The indexes; for measuring what each part contributes."""
        return self._ranker

    def read(self, question: str) -> Asked | None:
        """What the encoder makes of a question as it is understood; None without one."""
        if self._reader is None:
            return None
        text = self.understood(question)[0]
        return self._reader.read(self._parts.scopes.searched(text, scope_of(text, self._lexicon)))

    def understood(self, question: str) -> tuple[str, Readings]:
        """A question as it is searched for, and pairs (as written, as read) of the words taken by their sound.

        A wording of the library is never read otherwise.
        """
        text = _asked_text(question)
        return (text, ()) if exact_key(text) in self._exact else self._parts.phonetics.understood(text)

    @property
    def documents(self) -> tuple[Document, ...]:
        return self._documents

    @property
    def size(self) -> int:
        return len(self._documents)

    @property
    def lexicon(self) -> Lexicon:
        return self._lexicon

    @property
    def library_fingerprint(self) -> str:
        """See Parts.library_fingerprint."""
        return self._library_fingerprint

    @property
    def encoder_fingerprint(self) -> str | None:
        return self._parts.encoder_fingerprint

    @property
    def calibration(self) -> Calibration | None:
        return self._parts.calibration

    @property
    def calibration_stale(self) -> bool:
        """Whether the library has changed since the calibration was fitted."""
        return self._parts.calibration is not None and (
            self._parts.calibration.library_fingerprint != self._library_fingerprint
        )

    def document(self, entry_id: str) -> Document | None:
        number = self._number.get(entry_id)
        return None if number is None else self._documents[number]

    def knows(self, question: str, on: date) -> bool:
        """Whether an entry valid on this day has this very wording."""
        text = normalise(question[:_RAW_LIMIT])[:_QUESTION_LIMIT].strip()
        return bool(exact_key(text) and self._exact_entries(text, self._permitted.by(Filters(on=on))))

    def suggest(
        self,
        prefix: str,
        limit: int = 8,
        filters: Filters = Filters(),  # noqa: B008
        heat: Mapping[str, int] | None = None,
    ) -> list[Suggestion]:
        """Wordings for what was typed so far, in Chinese, pinyin or initials; only of permitted entries.

        `heat`: how often each entry was of use, by id (unknown ids do not matter); a new mapping for new counts,
        since what is made of one is kept.
        """
        allowed = self._permitted.by(filters) if filters != Filters() else None
        return self._parts.suggestions.suggest(prefix, limit, self._heat_of(heat) if heat else None, allowed)

    def _heat_of(self, heat: Mapping[str, int]) -> Longs:
        """Counts [entries]; kept, since every key press of a minute shares them."""
        kept = self._heat
        if kept is None or kept[0] is not heat:
            counts = np.zeros(self.size, dtype=np.int64)
            for id_, count in heat.items():
                if id_ in self._number:
                    counts[self._number[id_]] = count
            self._heat = kept = (heat, counts)
        return kept[1]

    def ask(
        self,
        question: str,
        filters: Filters = Filters(),  # noqa: B008
        limit: int = 10,
        read: Asked | None = None,
    ) -> Outcome:
        """Find and decide. Any text is allowed; one without a letter or digit finds nothing.

        `read` is what `read` gave for this question, here or where it is understood alike.
        """
        begin = time.perf_counter()
        text, readings = self.understood(question)
        if not exact_key(text) or not self._documents:
            return Outcome(
                Decision.REFER, 0.0, (), text, {"total": _ms(begin)}, (), self._parts.encoder is None
            )
        timings = {"normalise": _ms(begin)}
        query = self._prepare(text, timings, read, filters.on)
        begin_rank = time.perf_counter()
        place = self._permitted.by(replace(filters, on=None)) if filters.topic or filters.unit else None
        allowed = self._permitted.by(filters) if filters != Filters() else None
        exact = self._exact_entries(text, allowed)
        ranked = self._ranked(query, allowed, exact)
        bearings = self._parts.scopes.bearings(query.scope, ranked.entries[:OFFERED])
        confidence, offered = self._probabilities(query, ranked, exact, bearings)
        ambiguous = len(text) < 2 or (len(exact) > 1 and confidence < _EXACT_CONFIDENCE)
        ambiguous |= not exact and any(bearing in _DOUBTFUL for bearing in bearings[:1])
        hits = self._shown.hits(query, ranked, exact, limit)
        suppressed = self._suppressed(query, filters, place) if filters.on else ()
        timings["rank"] = _ms(begin_rank)
        timings["total"] = _ms(begin)
        decision = decide(confidence, offered, len(hits), ambiguous, self._parts.bands)
        return Outcome(
            decision, confidence, hits, text, timings, suppressed, query.asked is None, readings, query.scope.names
        )  # fmt: skip

    def judged(self, question: str, without: str = "") -> Judged | None:
        """For fitting a judge; `without` an entry and what says the same. None: nothing found."""
        if self._dense is None:
            return None
        query = self._prepare(self.understood(question)[0], {}, None)
        assert query.asked is not None
        twins = (
            self._dense.both @ self._dense.both[self._number[without]] > NEAR_DUPLICATE if without else None
        )
        ranked = self._ranked(query, None if twins is None else ~twins)
        if not len(ranked.entries):
            return None
        first, offer = self._features(self._dense, query, query.asked, ranked)
        return Judged(tuple(self._ids[int(n)] for n in ranked.entries[:OFFERED]), first, offer)

    def _prepare(
        self, text: str, timings: dict[str, float], read: Asked | None, on: date | None = None
    ) -> Query:
        begin = time.perf_counter()
        scope = scope_of(text, self._lexicon, on)
        searched = self._parts.scopes.searched(text, scope)
        cut = segment(searched, self._lexicon)
        terms = query_terms(searched, cut, self._lexicon)
        words = self._parts.lexical.scores_of(terms)
        timings["words"] = _ms(begin)
        asked = None
        if self._reader is not None and self._dense is not None:
            begin = time.perf_counter()
            asked = read or self._reader.read(searched)
            timings["encode"] = _ms(begin)
            begin = time.perf_counter()
            asked = self._ranker.near(asked)
            timings["vectors"] = _ms(begin)
        attainable = best_attainable(self._parts.lexical, terms)
        return Query(text, cut, terms, words, attainable, scope, asked_types(text), asked)

    def _ranked(self, query: Query, allowed: Mask | None, exact: Sequence[int] = ()) -> Ranked:
        ranked = self._ranker.rank(query.asked, query.words, allowed, sure=exact)
        return _first(self._ranker.preferring(ranked, query.kinds, query.scope, self._said_of), exact)

    def _exact_entries(self, text: str, allowed: Mask | None) -> tuple[int, ...]:
        """Numbers of the permitted entries that have this very wording, in order of id."""
        found = self._exact.get(exact_key(text), ())
        usable = [n for n in found if allowed is None or allowed[n]]
        return tuple(sorted(usable, key=lambda n: self._ids[n]))

    def _said_of(self, number: int) -> Said:
        """What an entry says; kept, since the same few are looked at again and again."""
        said = self._said.get(number)
        if said is None:
            document = self._documents[number]
            said = self._said[number] = Said(normalise(document.question), normalise(document.answer))
        return said

    def _probabilities(
        self, query: Query, ranked: Ranked, exact: Sequence[int], bearings: Sequence[Bearing]
    ) -> tuple[float, float]:
        """That the first hit answers the question, and that one of those offered for a choice does."""
        if exact:
            answers = {normalise(self._documents[n].answer) for n in exact}
            return _EXACT_CONFIDENCE if len(answers) == 1 else _SHARED_CONFIDENCE, 1.0
        if not len(ranked.entries):
            return 0.0, 0.0
        calibration = self._parts.calibration
        if query.asked is None or self._dense is None or calibration is None:
            # By words alone nothing but an exact match is sure: at most .7, by the share of the words found.
            share = round(min(0.7, 1.2 * share_of(query, ranked, 0)), 4)
            return share, share
        first, offer = self._features(self._dense, query, query.asked, ranked)
        confidence = calibration.probability(first, bearings[0])
        return round(confidence, 4), calibration.offered(offer, bearings)

    def _features(
        self, dense: DenseIndex, query: Query, asked: Asked, ranked: Ranked
    ) -> tuple[Floats, Floats]:
        first = features_of(ranked, dense, asked, query.kinds, self._said_of, query.attainable)
        return first, offer_features_of(ranked, dense, asked)

    def _suppressed(self, query: Query, filters: Filters, place: Mask | None) -> tuple[Suppressed, ...]:
        """Entries that would be among the first few but for their dates."""
        if filters.on is None or bool(self._permitted.by(Filters(on=filters.on)).all()):
            return ()
        exact = self._exact_entries(query.text, place)
        proposed = self._ranker.proposed(query.asked, query.words, place, sure=exact)
        if bool(self._permitted.by(Filters(on=filters.on))[proposed.entries].all()):
            return ()
        ranked = _first(self._ranker.compared(query.asked, proposed), exact)
        found: list[Suppressed] = []
        for rank in range(min(_SUPPRESSED_AMONG, len(ranked.entries))):
            number = int(ranked.entries[rank])
            reason = obstacle(self._documents[number], filters.on)
            if reason:
                score = self._shown.score(ranked, rank, number in exact, query)
                found.append(Suppressed(self._ids[number], score, reason))
        return tuple(found)

    def save(self, folder: Path) -> None:
        """Write the snapshot to `folder`, replacing what is there in one step."""
        save_index(folder, self._parts)

    @classmethod
    def load(cls, folder: Path, encoder: Encoder | None, lexicon: Lexicon) -> Engine:
        """Raises IndexDamaged when a file is missing, cut short or altered, or was made with another
        encoder, lexicon or version."""
        return cls(load_index(folder, encoder, lexicon))


def _digests(documents: Sequence[Document]) -> dict[str, str]:
    return {document.id: document_digest(document) for document in documents}


def _asked_text(question: str) -> str:
    return normalise(question[:_RAW_LIMIT])[:_QUESTION_LIMIT].strip()


def _encoded(
    documents: Sequence[Document],
    encoder: Encoder,
    store: VectorStore,
    report: Report = lambda done, total: None,
) -> Fetched:
    """Everything that the encoder has to say of these documents, from the store as far as it is there."""
    wanted = [text for document in documents for text in texts_of(document)]
    late = [text for document in documents for text in late_texts_of(document)] if encoder.token_dim else []
    return fetch(wanted, late, encoder, store, report)


def _first(ranked: Ranked, exact: Sequence[int]) -> Ranked:
    """The ranking with the `exact` entries moved to the front."""
    if not exact:
        return ranked
    place = {int(entry): n for n, entry in enumerate(ranked.entries)}
    front = [place[number] for number in exact]
    return ranked.taken(front + [n for n in range(len(ranked.entries)) if n not in front])


def _ms(begin: float) -> float:
    return round((time.perf_counter() - begin) * 1000, 3)
