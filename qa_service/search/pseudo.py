"""Questions made from an entry's own text, as a citizen might put them; for calibration only, never shown."""

from __future__ import annotations

import random
import re

from ..text.lexicon import Lexicon
from ..text.normalise import normalise
from ..text.segment import segment
from .answer_types import TYPES, Said, asked_types, without_asking
from .types import Document

_SENTENCE_END = re.compile(r"[。!?;\n]|(?<=[\u3400-\u9fff])[.,:]")
_DROP_SHARE = 0.3


def pseudo_queries(document: Document, lexicon: Lexicon) -> list[str]:
    """Up to three normalised queries: some content words; an answer sentence with drops; a situation.

    Depends on the document and the lexicon only.
    """
    rng = random.Random(document.id)
    words = _content_words(normalise(document.question), lexicon)
    sentences = [s.strip() for s in _SENTENCE_END.split(normalise(document.answer[:600]))]
    sentences = [s for s in sentences if 8 <= len(s) <= 60]
    queries: list[str] = []
    if len(words) >= 2:
        count = min(len(words), rng.randint(2, 4))
        picked = sorted(rng.sample(range(len(words)), count))
        queries.append("".join(words[i] for i in picked))
    if sentences:
        kept = [w for w in lexicon.segmenter.plain(rng.choice(sentences)) if rng.random() > _DROP_SHARE]
        queries.append("".join(kept))
    if sentences and words:
        some = rng.sample(words, min(2, len(words)))
        queries.append("我" + rng.choice(sentences)[:16] + "," + "".join(some))
    return [query for query in dict.fromkeys(queries) if len(query) >= 4]


def aspect_queries(document: Document, lexicon: Lexicon) -> list[tuple[str, bool]]:
    """Normalised questions on the entry's topic for one kind of thing each, and whether it answers them.

    One kind that the answer does not hold, and every kind that question and answer agree on.
    """
    rng = random.Random("aspect" + document.id)
    question, answer = normalise(document.question), normalise(document.answer)
    words = _content_words(without_asking(question), lexicon)
    if not words or not answer:
        return []
    picked = sorted(rng.sample(range(len(words)), min(len(words), 3)))
    topic = "".join(words[i] for i in picked)
    # An entry may say “代” or “退” of anything: of a case only its absence tells.
    absent = [kind for kind in TYPES if kind.strict and not kind.held_by(Said(question, answer))]
    queries = [(topic + rng.choice(absent).phrase, False)] if absent else []
    agreed = [kind for kind in asked_types(question) if not kind.case and kind.held.search(answer)]
    return queries + [(topic + kind.phrase, True) for kind in agreed]


def _content_words(text: str, lexicon: Lexicon) -> list[str]:
    """Distinct words of two characters or more that are no stop words, in order, without their parts."""
    plain = lexicon.segmenter.plain(text)
    known = set(segment(text, lexicon))
    return list(dict.fromkeys(w for w in plain if len(w) > 1 and w in known and w not in lexicon.stop_words))
