"""Why an entry was found, and what the confidence means, in words. Pure.

Staff decide by this whether to read an answer out; every sentence states a fact of the search, none is a guess.
"""

from __future__ import annotations

from collections.abc import Sequence

from qa_service.library.schemas import AskResponse, HitView
from qa_service.search.answer_types import Said, lacking
from qa_service.text.normalise import normalise
from qa_service.text.regions import Bearing
from qa_service.text.years import years_in

_SHOWN_WORDS = 6
# Above this share of the best possible cosine two texts are as near as two ways of asking the same thing.
_NEAR_MEANING = 0.9


def how_heard(readings: Sequence[tuple[str, str]]) -> list[str]:
    """A sentence for each word that was taken for another by its sound."""
    return [f"“{said}”按读音理解为“{meant}”" for said, meant in readings]


def why_found(question: str, hit: HitView, readings: Sequence[tuple[str, str]] = ()) -> list[str]:
    """Sentences for one hit: words taken by their sound, the wording that matched, the words, the official terms, what is
    missing, and whose region or year it is. `question` is as it was searched for."""
    own = hit.matched_phrasing == hit.question
    wording = "标准问" if own else f"群众问法“{hit.matched_phrasing}”"
    sentences = how_heard(readings)
    sentences += [f"与{wording}一字不差" if "exact" in hit.parts else f"最接近的是{wording}"]
    same = [said for said, official in hit.matched_terms if said == official][:_SHOWN_WORDS]
    if same:
        sentences.append(f"都提到“{'”“'.join(same)}”")
    sentences += [
        f"群众说“{said}”，规范用语是“{official}”" for said, official in hit.matched_terms if said != official
    ]
    if not hit.matched_terms and "exact" not in hit.parts:
        sentences.append("用词不同，按意思找到")
    if missing := lacking(normalise(question), Said(normalise(hit.question), normalise(hit.answer))):
        sentences.append(f"注意：问的是{'、'.join(missing)}，这条里没有")
    sentences += where_from(hit)
    if hit.same_as:
        sentences.append("与前面一条内容相同")
    return sentences


def where_from(hit: HitView) -> list[str]:
    """A sentence where the entry's region or year is not plainly that of the question."""
    own = f"这条说的是“{'、'.join(hit.regions)}”" if hit.regions else "这条没有说是哪里"
    doubts = {
        Bearing.ELSEWHERE: f"注意：{own}，不是所问的地方",
        Bearing.UNASKED: f"注意：{own}，提问没有说是哪里",
        Bearing.UNSAID: f"注意：{own}，" + ("只是所问地方的一部分" if hit.regions else "提问说了具体地方"),
    }
    if hit.bearing is Bearing.OTHER_YEAR:
        years = "、".join(map(str, sorted(years_in(normalise(hit.question)))))
        return [f"注意：这条说的是{years}年，不是所问的年份"]
    return [doubts[hit.bearing]] if hit.bearing in doubts else []


def what_confidence_means(result: AskResponse) -> str:
    """One sentence on the probability behind the decision."""
    share = round(result.confidence * 100)
    if result.decision == "answer":
        return f"把握程度{share}%：像这样的结果，100次里约有{share}次第一条就是正确答复。"
    if result.decision == "choose":
        return f"第一条的把握程度{share}%，不足以直接答复：请核对前几条里哪一条问的是同一件事。"
    return f"第一条的把握程度{share}%，前几条多半都不是同一件事，不要拿来答复，请转登记交办。"
