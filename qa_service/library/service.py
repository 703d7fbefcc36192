"""Editing, reviewing and publishing entries. Callers commit."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor, Role
from qa_service.errors import Conflict, Forbidden, Invalid, NotAllowedNow, NotFound
from qa_service.kit import clock
from qa_service.kit.privacy import without_personal_details
from qa_service.library import repository
from qa_service.library.lifecycle import LIFECYCLE
from qa_service.library.models import Entry, EntryVersion
from qa_service.text.normalise import normalise

QUESTION_LIMIT = 128
PHRASING_LIMIT = 200
ANSWER_LIMIT = 8000


@dataclass(frozen=True, slots=True)
class Content:
    """What a version says; the fields of the editing form."""

    question: str
    answer: str
    unit_id: int
    topic: str
    basis: tuple[dict[str, str], ...] = ()
    phrasings: tuple[dict[str, str], ...] = ()
    audience: tuple[str, ...] = ()
    effective_from: date | None = None
    effective_to: date | None = None
    review_due: date | None = None
    source: dict[str, Any] = field(default_factory=dict)
    note: str = ""

    @classmethod
    def of(cls, version: EntryVersion) -> Content:
        return cls(
            question=version.question, answer=version.answer, unit_id=version.unit_id, topic=version.topic,
            basis=tuple(version.basis), phrasings=tuple(version.phrasings), audience=tuple(version.audience),
            effective_from=version.effective_from, effective_to=version.effective_to,
            review_due=version.review_due, source=dict(version.source), note=version.note,
        )  # fmt: skip


def check_content(
    session: Session, content: Content, *, for_publication: bool, entry_id: int | None = None
) -> Content:
    """The content tidied (white space, repeated phrasings). Raises Invalid naming each field."""
    errors: dict[str, str] = {}
    question, answer = " ".join(content.question.split()), content.answer.strip()
    if not question:
        errors["question"] = "标准问不能为空"
    elif len(question) > QUESTION_LIMIT:
        errors["question"] = f"标准问最多 {QUESTION_LIMIT} 字，现有 {len(question)} 字"
    if not answer:
        errors["answer"] = "答复不能为空"
    elif len(answer) > ANSWER_LIMIT:
        errors["answer"] = f"答复最多 {ANSWER_LIMIT} 字，现有 {len(answer)} 字"
    if session.get(Unit, content.unit_id) is None:
        errors["unit"] = "请选择政策制定单位"
    if content.effective_from and content.effective_to and content.effective_from > content.effective_to:
        errors["effective_to"] = "失效日期早于生效日期"
    if for_publication:
        if not content.basis:
            errors["basis"] = "发布的答复必须注明依据"
        if not content.effective_to and not content.review_due:
            errors["review_due"] = "有效期和复核日期至少填一项"
        if not content.topic:
            errors["topic"] = "请选择主题"
    seen, phrasings = {normalise(question)}, []
    for phrasing in content.phrasings:
        text = " ".join(phrasing["text"].split())
        if len(text) > PHRASING_LIMIT:
            errors["phrasings"] = f"每条群众问法最多 {PHRASING_LIMIT} 字：{text[:20]}…"
        if text and normalise(text) not in seen:
            seen.add(normalise(text))
            phrasings.append({"text": text, "origin": phrasing.get("origin") or "采编"})
    if errors:
        raise Invalid(
            "有内容需要修改：" + "；".join(errors.values()) + "。", "请按提示修改后再保存。", errors=errors
        )
    if question and (other := repository.same_question(session, question, entry_id)):
        raise Conflict(
            f"问答库中已有相同的标准问（条目 {other.key}）。",
            "请修改标准问，或直接编辑已有条目。",
            entry_key=other.key,
        )
    return replace(content, question=question, answer=answer, phrasings=tuple(phrasings))


def new_key(prefix: str = "q") -> str:
    return f"{prefix}-{clock.today():%Y%m%d}-{secrets.token_hex(3)}"


def create_entry(session: Session, actor: Actor, content: Content, key: str | None = None) -> Entry:
    """A new entry with a first draft."""
    _check_unit(actor, content.unit_id)
    content = check_content(session, content, for_publication=False)
    entry = Entry(key=key or new_key(), created_at=clock.now(), changed_at=clock.now())
    session.add(entry)
    session.flush()
    entry.working = _add_version(session, entry, actor, content)
    session.flush()
    return entry


def edit_entry(session: Session, actor: Actor, entry: Entry, content: Content) -> EntryVersion:
    """Save a draft: over the pending draft where there is one (whose author the actor then becomes), else as
    a new version. What was published before stays as it is."""
    _check_unit(actor, content.unit_id)
    working = entry.working
    if working is not None and working.state == "in_review":
        raise NotAllowedNow("这条问答正在审核，暂时不能修改。", "请审核人先退回修改，或放弃后重新起草。")
    content = check_content(session, content, for_publication=False, entry_id=entry.id)
    if working is None:
        working = entry.working = _add_version(session, entry, actor, content)
    else:
        for name, value in asdict(content).items():
            setattr(working, name, list(value) if isinstance(value, tuple) else value)
        working.author_id, working.author_name = actor.id, actor.name
    entry.changed_at = clock.now()
    session.flush()
    return working


def add_phrasing(session: Session, actor: Actor, entry: Entry, text: str, origin: str) -> EntryVersion:
    """Propose one more phrasing of an entry: a new version that goes to review like any other change."""
    if entry.working is not None and entry.working.state == "in_review":
        raise NotAllowedNow(
            "这条问答正在审核，暂时不能并入新的问法。", "请待审核完成后再办结，或选择其他处理。"
        )
    base = entry.working or entry.published
    if base is None:
        raise NotAllowedNow("这条问答已经下架，不能并入。", "请选择其他条目，或新增条目。")
    content = Content.of(base)
    phrasing = {"text": without_personal_details(text)[:PHRASING_LIMIT], "origin": origin}
    version = edit_entry(session, actor, entry, replace(content, phrasings=(*content.phrasings, phrasing)))
    act_on_version(session, actor, entry, "submit")
    return version


def act_on_version(
    session: Session, actor: Actor, entry: Entry, event: str, reason: str = ""
) -> EntryVersion:
    """Submit, reject, publish, discard or withdraw, by the lifecycle table.

    Publishing needs another person than the author. Publishing and withdrawing take the next library
    revision, which every search process watches.
    """
    version = entry.published if event == "withdraw" else entry.working
    if version is None:
        raise NotAllowedNow("这条问答没有可以这样办理的版本。", "请刷新页面查看最新情况。")
    act = LIFECYCLE.find(version.state, event)
    if act is None:
        raise NotAllowedNow(
            f"这个版本现在是“{LIFECYCLE.states[version.state].label}”，不能进行这一步。", "请刷新页面。"
        )
    if actor.role not in act.roles:
        raise Forbidden(f"“{act.label}”应由{'、'.join(sorted(r.label for r in act.roles))}办理。")
    _check_unit(actor, version.unit_id)
    if "reason" in act.needs and not reason.strip():
        raise Invalid(f"“{act.label}”需要填写理由。", "请写明理由后再提交。", errors={"reason": "不能为空"})
    if event in ("publish", "reject") and actor.id is not None and actor.id == version.author_id:
        raise Forbidden("采编和审核须由两个人分别完成，您不能审核自己起草的内容。", "请其他审核人办理。")
    if event == "publish":
        check_content(session, Content.of(version), for_publication=True, entry_id=entry.id)
    version.state = act.target
    entry.changed_at = clock.now()
    match event:
        case "submit":
            version.submitted_at = clock.now()
        case "reject":
            version.note = reason.strip()
            version.reviewer_name = actor.name
        case "publish":
            _publish(session, actor, entry, version)
        case "discard":
            entry.working = None
        case "withdraw":
            version.retired_at, version.note = clock.now(), reason.strip()
            entry.published = None
            entry.revision = repository.next_revision(session)
    session.flush()
    return version


def _publish(session: Session, actor: Actor, entry: Entry, version: EntryVersion) -> None:
    if entry.published is not None:
        entry.published.state, entry.published.retired_at = "superseded", clock.now()
    version.reviewer_id, version.reviewer_name = actor.id, actor.name
    version.published_at = clock.now()
    entry.published, entry.working = version, None
    entry.revision = repository.next_revision(session)


def import_published(
    session: Session, entry: Entry | None, key: str, content: Content, imported_by: str
) -> Entry:
    """Take over content that was reviewed before it was handed in (the bundled library, an export)."""
    author = Actor(Role.SYSTEM, imported_by)
    if entry is None:
        entry = Entry(key=key, created_at=clock.now(), changed_at=clock.now())
        session.add(entry)
        session.flush()
    version = _add_version(session, entry, author, content)
    version.state = "published"
    _publish(session, author, entry, version)
    session.flush()
    return entry


def _add_version(session: Session, entry: Entry, actor: Actor, content: Content) -> EntryVersion:
    values = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(content).items()}
    version = EntryVersion(
        entry_id=entry.id, number=repository.next_version_number(session, entry.id), state=LIFECYCLE.initial,
        author_id=actor.id, author_name=actor.name, created_at=clock.now(), **values,
    )  # fmt: skip
    session.add(version)
    session.flush()
    return version


def published_version(session: Session, key: str, today: date) -> EntryVersion:
    """The version of `key` that may be given to a citizen today. Raises when there is none."""
    entry = repository.by_keys(session, [key]).get(key)
    version = entry.published if entry else None
    if version is None:
        raise NotFound("这条问答已经下架，不能再用来答复。", "请重新检索，或转登记交办。")
    if (
        (version.effective_from and today < version.effective_from)
        or (version.effective_to and today > version.effective_to)
        or (version.review_due and today > version.review_due)
    ):
        raise Conflict(
            "这条问答今天不在有效期内，或者已到复核日期，不能用来答复。", "请重新检索，或转登记交办。"
        )
    return version


def _check_unit(actor: Actor, unit_id: int) -> None:
    if actor.role is Role.UNIT and actor.unit_id != unit_id:
        raise Forbidden("贵单位只能办理本单位的问答条目。", "其他单位的条目请联系该单位或专区窗口。")
