"""What may be added to the lexicon: the kinds of words and what each must not contradict. Pure.

The rules are those that the bundled lists keep too: an official term is not itself everyday speech for
another, and a stop word is neither a term nor everyday speech for one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from qa_service.text.lexicon import Lexicon
from qa_service.text.normalise import normalise

LONGEST = 32


class Kind(StrEnum):
    SYNONYM = "synonym"
    TERM = "term"
    STOP_WORD = "stop_word"

    @property
    def label(self) -> str:
        return LABELS[self]


LABELS = {Kind.SYNONYM: "口语词", Kind.TERM: "结巴词条", Kind.STOP_WORD: "提问虚词"}

# Runs of other characters are cut up before the dictionary is looked at (jieba, re_han_default).
_ONE_WORD = re.compile(r"[一-龥0-9a-z+#&._%-]+")


@dataclass(frozen=True, slots=True)
class Word:
    """A word in normal form. `official` is empty but for synonyms."""

    kind: Kind
    said: str
    official: str = ""

    def __str__(self) -> str:
        return f"“{self.said}”→“{self.official}”" if self.official else f"“{self.said}”"

    @property
    def parts(self) -> tuple[str, ...]:
        return (self.said, self.official) if self.official else (self.said,)


BUNDLED = "随软件附带"


@dataclass(frozen=True, slots=True)
class Known:
    """All words in force, each with where it comes from, in words ("随软件附带", "窗口甲添加")."""

    words: Mapping[Word, str]

    @classmethod
    def of(cls, bundled: Lexicon, added: Iterable[tuple[Word, str]]) -> Known:
        return cls({**dict.fromkeys(bundled_words(bundled), BUNDLED), **dict(added)})

    def of_kind(self, kind: Kind) -> list[tuple[Word, str]]:
        return [(word, origin) for word, origin in self.words.items() if word.kind is kind]


def bundled_words(lexicon: Lexicon) -> list[Word]:
    """The words of a lexicon one by one."""
    return [
        *(Word(Kind.SYNONYM, said, official) for said, all_ in lexicon.synonyms.items() for official in all_),
        *(Word(Kind.TERM, term) for term in lexicon.terms),
        *(Word(Kind.STOP_WORD, word) for word in sorted(lexicon.stop_words)),
    ]


def lexicon_with(lexicon: Lexicon, word: Word) -> Lexicon:
    """`lexicon` with one word more."""
    return lexicon.extended(
        [word.said] if word.kind is Kind.TERM else [],
        [(word.said, word.official)] if word.kind is Kind.SYNONYM else [],
        [word.said] if word.kind is Kind.STOP_WORD else [],
    )


def faults_of(kind: Kind, said: str, official: str) -> tuple[Word, dict[str, str]]:
    """(the word in normal form, what is wrong with the fields by themselves)."""
    word = Word(kind, normalise(said), normalise(official))
    faults = {"said": _fault(word.said, kind)}
    if kind is Kind.SYNONYM:
        faults["official"] = _fault(word.official, kind)
        if word.said == word.official:
            faults["official"] = "规范用语与口语词相同，不必添加"
    elif word.official:
        faults["official"] = f"{kind.label}没有规范用语"
    return word, {field: fault for field, fault in faults.items() if fault}


def _fault(text: str, kind: Kind) -> str:
    if not text:
        return "不能为空"
    if len(text) > LONGEST:
        return f"最多 {LONGEST} 字，现有 {len(text)} 字"
    if " " in text:
        return "中间不能有空格，请一次只填一个词"
    if not any(unicodedata.category(char)[0] in "LN" for char in text):
        return "只有标点，没有字"
    if kind is Kind.TERM and not _ONE_WORD.fullmatch(text):
        return "含有标点，分词时总会断开，请去掉标点"
    return ""


def contradiction(word: Word, known: Known) -> tuple[str, str] | None:
    """(field, why `word` cannot stand beside the words in force), naming where the other one is; or nothing."""
    if word in known.words:
        return "said", f"{word}已经在词表的{word.kind.label}里（{known.words[word]}）"
    for other, origin in known.words.items():
        if word.kind is Kind.STOP_WORD:
            clash = word.said in other.parts and other.kind is not Kind.STOP_WORD
            if clash:
                return "said", f"“{word.said}”用在{other.kind.label}{other}里（{origin}），不能当作虚词略去"
            continue
        for field, part in zip(("said", "official"), word.parts, strict=False):
            if other.kind is Kind.STOP_WORD and part == other.said:
                return field, f"“{part}”是提问虚词（{origin}），检索时略去，不能再作{word.kind.label}"
        if word.kind is Kind.TERM and other.kind is Kind.SYNONYM and word.said in other.parts:
            return "said", f"“{word.said}”已随口语词{other}（{origin}）作为整词，不必再加"
        if word.kind is Kind.SYNONYM and other.kind is Kind.SYNONYM:
            if word.official == other.said:
                return "official", f"“{word.official}”本身是口语词，规范用语是“{other.official}”（{origin}）"
            if word.said == other.official:
                return "said", f"“{word.said}”本身是规范用语，见口语词{other}（{origin}）"
    return None
