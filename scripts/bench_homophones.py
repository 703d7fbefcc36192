"""What reading words by their sound gives: questions of corpus/evaluation with one word misheard or mistyped."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

from qa_service.search.engine import Engine
from qa_service.text.lexicon import Lexicon
from qa_service.text.noise import blurred
from qa_service.text.normalise import normalise
from qa_service.text.phonetic import Phonetics
from qa_service.text.pinyin import syllable_of

_WORD = re.compile(r"[\u4e00-\u9fff]{2,}")
# The 3,755 characters in common use: GB 2312's first level.
_COMMON = [bytes((row, cell)).decode("gb2312") for row in range(0xB0, 0xD7) for cell in range(0xA1, 0xFA)] + [
    bytes((0xD7, cell)).decode("gb2312") for cell in range(0xA1, 0xFA)
]

Slip = Callable[[str, random.Random], str]


class Homophones:
    """Ways to write a word wrongly; "" where there is none."""

    def __init__(self) -> None:
        self._same: dict[str, list[str]] = defaultdict(list)
        self._near: dict[str, list[str]] = defaultdict(list)
        for char in _COMMON:
            self._same[syllable_of(char)].append(char)
            self._near[blurred(syllable_of(char))].append(char)

    def one_same(self, word: str, rng: random.Random) -> str:
        """One character of the very sound of another."""
        return self._one(word, rng, lambda char: self._same[syllable_of(char)])

    def one_near(self, word: str, rng: random.Random) -> str:
        """One character of nearly the sound of another."""
        return self._one(
            word, rng,
            lambda char: [c for c in self._near[blurred(syllable_of(char))] if syllable_of(c) != syllable_of(char)],
        )  # fmt: skip

    def all_same(self, word: str, rng: random.Random) -> str:
        """Every character another of its sound."""
        others = [[c for c in self._same[syllable_of(char)] if c != char] for char in word]
        return "".join(map(rng.choice, others)) if all(others) else ""

    def letters(self, word: str, rng: random.Random) -> str:
        """The whole word in pinyin."""
        return "".join(map(syllable_of, word))

    def half_letters(self, word: str, rng: random.Random) -> str:
        """One character in pinyin."""
        place = rng.randrange(len(word))
        return word[:place] + syllable_of(word[place]) + word[place + 1 :]

    def _one(self, word: str, rng: random.Random, others: Callable[[str], Sequence[str]]) -> str:
        for place in rng.sample(range(len(word)), len(word)):
            if found := [char for char in others(word[place]) if char != word[place]]:
                return word[:place] + rng.choice(found) + word[place + 1 :]
        return ""


@dataclass(frozen=True, slots=True)
class Misheard:
    """A question with one `word` written as `said`, and the entries that answer it."""

    text: str
    clean: str
    word: str
    said: str
    relevant: frozenset[str]


def misheard(
    questions: Sequence[tuple[str, frozenset[str]]], slip: Slip, lexicon: Lexicon, *, of_lexicon: bool
) -> list[Misheard]:
    """Each question with one word written wrongly: a word of the lexicon, or else another known word."""
    rng = random.Random(0)
    known = lexicon.words()
    made: list[Misheard] = []
    for question, relevant in questions:
        clean = normalise(question)
        words = [word for word in lexicon.segmenter.known_words(clean) if _WORD.fullmatch(word)]
        words = [w for w in words if w not in lexicon.stop_words and (w in known) == of_lexicon]
        if not words:
            continue
        word = rng.choice(words)
        if said := slip(word, rng):
            made.append(Misheard(clean.replace(word, said, 1), clean, word, said, relevant))
    return made


def bench_homophones(engine: Engine, questions: Sequence[tuple[str, frozenset[str]]]) -> None:
    """Print R@1 of the questions as they are, with a slip, and with the slip read by its sound."""
    lexicon = engine.lexicon
    deaf = engine.hearing(Phonetics((), (), lexicon.segmenter, lambda pair: True))
    made = Homophones()
    slips: dict[str, Slip] = {
        "one character, same sound": made.one_same, "one character, near sound": made.one_near,
        "every character, same sound": made.all_same, "word in letters": made.letters,
        "one character in letters": made.half_letters,
    }  # fmt: skip
    print(f"{'slip':44s} {'n':>4s} {'clean':>6s} {'slip':>6s} {'read':>6s} {'right':>6s} {'wrong':>6s}")
    for of_lexicon, name in chain.from_iterable(((of, name) for name in slips) for of in (True, False)):
        cases = misheard(questions, slips[name], lexicon, of_lexicon=of_lexicon)
        shares = [
            sum(_first(engine_, text) in case.relevant for case, text in zip(cases, texts, strict=True)) / len(cases)
            for engine_, texts in (
                (deaf, [case.clean for case in cases]), (deaf, [case.text for case in cases]),
                (engine, [case.text for case in cases]),
            )
        ]  # fmt: skip
        read = [engine.understood(case.text) for case in cases]
        right = sum(text == case.clean for case, (text, _) in zip(cases, read, strict=True)) / len(cases)
        touched = sum(bool(pairs) for _, pairs in read) / len(cases)
        of = "lexicon" if of_lexicon else "other word"
        cells = " ".join(f"{share:6.3f}" for share in (*shares, right, touched - right))
        print(f"{of + ': ' + name:44s} {len(cases):4d} {cells}")


def _first(engine: Engine, text: str) -> str:
    hits = engine.ask(text, limit=1).hits
    return hits[0].id if hits else ""
