"""Which words a question may mean by their sound: those of the lexicon, and those that the library itself uses."""

from __future__ import annotations

from collections.abc import Mapping

from ..text.lexicon import Lexicon
from ..text.phonetic import Phonetics
from ..text.pinyin import Pinyin
from .lexical import LexicalIndex

# What fewer entries hold may itself be a slip.
_LEAST = 2


def phonetics_of(
    lexicon: Lexicon, lexical: LexicalIndex, known: Mapping[str, Pinyin] | None = None
) -> Phonetics:
    """For questions to the library behind `lexical`. `known`: pinyin already worked out."""
    held = lexical.frequencies()
    terms = lexicon.words()
    words = [term for term, count in held.items() if count >= _LEAST and lexicon.segmenter.knows(term)]
    return Phonetics(terms, words, lexicon.segmenter, held.__contains__, known)
