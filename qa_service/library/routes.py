"""API: asking, suggestions, the hit test, and the library's editing."""

from __future__ import annotations

import re
from itertools import zip_longest
from typing import Annotated

from fastapi import APIRouter, File, Header, Query, Request, Response, UploadFile
from pydantic import AfterValidator
from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.deps import CurrentActor, DbSession, Editor, LibraryStaff
from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor, Role
from qa_service.errors import Conflict, Invalid, NotFound, TooLarge
from qa_service.kit import clock
from qa_service.kit.http import TransactionalRoute
from qa_service.library import importer, repository, service
from qa_service.library.asking import Asker
from qa_service.library.face import Face
from qa_service.library.gap_report import (
    PERIODS,
    UNASSIGNED,
    UNASSIGNED_ID,
    USUAL_PERIOD,
    GapReport,
    gap_report,
)
from qa_service.library.live import Snapshot
from qa_service.library.models import Entry, EntryVersion, QueryLog
from qa_service.library.schemas import (
    ActRequest,
    AskRequest,
    AskResponse,
    Choice,
    ContentInput,
    EntryPage,
    EntryView,
    GapPage,
    HitView,
    Suggested,
    VersionView,
    hit_view,
)
from qa_service.library.service import Content
from qa_service.search.types import Filters, Hit

router = APIRouter(route_class=TransactionalRoute)


def _one_of_periods(days: int) -> int:
    if days not in PERIODS:
        raise ValueError(f"只能是{'、'.join(map(str, PERIODS))}天")
    return days


CHANNEL_OF = {Role.KIOSK: "kiosk", Role.CITIZEN: "web"}
UPLOAD_LIMIT = 20 * 1024 * 1024
GapDays = Annotated[int, AfterValidator(_one_of_periods), Query(description="近7天、30天或90天")]
IfMatch = Annotated[str, Header(alias="If-Match", description="打开时的锁版本号")]


def asker_of(request: Request) -> Asker:
    asker: Asker = request.app.state.asker
    return asker


def seen_version(if_match: str) -> int:
    """The version that the caller saw, from `If-Match: "7"`."""
    value = if_match.strip().removeprefix("W/").strip('"')
    if not re.fullmatch(r"[0-9]{1,9}", value):
        raise Invalid('请求头 If-Match 应为打开时的版本号，例如 "7"。', "请重新读取这件事项后再提交。")
    return int(value)


@router.post("/ask", tags=["问答"], response_model=AskResponse)
def ask(request: Request, actor: CurrentActor, data: AskRequest) -> Response:
    """提问：返回处理决定、置信度、命中条目和依据。只用已发布且今天有效的条目作答。"""
    asked = asker_of(request).ask(
        data.question, channel=CHANNEL_OF.get(actor.role, "window"), zone_id=actor.zone_id, topic=data.topic,
        limit=data.limit,
    )  # fmt: skip
    # Serialised here: the framework would check what we have just built once more, in another thread.
    return Response(AskResponse.of(asked).model_dump_json(), media_type="application/json")


@router.post("/ask/{trace_id}/choice", tags=["问答"], status_code=204)
def choose(request: Request, session: DbSession, trace_id: str, data: Choice) -> None:
    """记下群众从候选中选了哪一条，或者“都不是”，用于统计知识缺口。"""
    # Traces are written behind the answer: the one named may still be waiting.
    request.app.state.query_log.flush()
    trace = session.get(QueryLog, trace_id)
    if trace is None:
        raise NotFound("没有找到这次检索的记录。", "请重新提问。")
    if not data.key:
        trace.outcome = "skipped"
        return
    face = asker_of(request).index.snapshot.faces.get(data.key)
    if face is None:
        raise NotFound("这条问答已经下架。", "请重新提问。")
    trace.outcome, trace.chosen_version_id = "chosen", face.version_id


@router.get("/suggest", tags=["问答"])
def suggest(request: Request, q: Annotated[str, Query(max_length=64)], limit: Annotated[int, Query(ge=1, le=20)] = 8) -> list[Suggested]:  # fmt: skip
    """输入提示：汉字、拼音、拼音首字母都可以；今天有效的问题，近来问得多的在前。"""
    index = asker_of(request).index
    found = index.snapshot.engine.suggest(q, limit, Filters(on=clock.today()), index.heat)
    return [Suggested(text=s.text, key=s.entry_id, how=s.how) for s in found]


@router.get("/hot", tags=["问答"])
def hot(
    request: Request, session: DbSession, limit: Annotated[int, Query(ge=1, le=20)] = 5
) -> list[Suggested]:
    """近期问得最多的已发布问题；记录不足时各主题轮流补齐。"""
    return hot_questions(asker_of(request), session, limit)


def hot_questions(
    asker: Asker, session: Session, limit: int, keys: frozenset[str] | None = None
) -> list[Suggested]:
    """The published questions that were answered or chosen most of late, of `keys` only where given."""
    faces = [face for face in asker.index.snapshot.faces.values() if keys is None or face.key in keys]
    used = repository.times_of_use(session, clock.now())
    ordered = sorted((face for face in faces if face.key in used), key=lambda face: -used[face.key])
    # Until enough has been asked: the first question of each topic in turn, so that the list shows the range.
    by_topic: dict[str, list[Face]] = {}
    for face in faces:
        if face.key not in used:
            by_topic.setdefault(face.topic, []).append(face)
    rounds = zip_longest(*by_topic.values())
    ordered += [face for one_each in rounds for face in one_each if face is not None]
    return [Suggested(text=face.question, key=face.key, how="hot") for face in ordered[:limit]]


@router.get("/answers/{key}", tags=["问答"])
def answer(request: Request, key: str) -> HitView:
    """一条已发布、今天有效的答复。"""
    snapshot = asker_of(request).index.snapshot
    face = snapshot.faces.get(key)
    today = clock.today()
    if face is None or not (
        (face.effective_from or today) <= today <= (face.effective_to or today)
        and today <= (face.review_due or today)
    ):
        raise NotFound("这条答复不存在，或者已经下架、过期。", "请重新提问。")
    hit = Hit(id=key, score=1.0, parts={}, matched_phrasing=face.question)
    return hit_view(hit, face, snapshot.units.get(face.unit_id))


@router.post("/library/hit-test", tags=["问答库"])
def hit_test(request: Request, actor: LibraryStaff, data: AskRequest) -> AskResponse:
    """命中测试：与线上检索同一条路径，只是不计入统计。"""
    return AskResponse.of(asker_of(request).test(data.question, topic=data.topic, limit=data.limit))


@router.get("/library/entries", tags=["问答库"])
def list_entries(
    session: DbSession,
    actor: LibraryStaff,
    q: Annotated[str, Query(max_length=128)] = "",
    state: Annotated[str, Query(max_length=16)] = "",
    unit: Annotated[str, Query(max_length=32)] = "",
    topic: Annotated[str, Query(max_length=64)] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> EntryPage:
    unit_id = session.scalar(select(Unit.id).where(Unit.code == unit)) if unit else None
    items, total = repository.search_readable(
        session, actor, text=q, state=state, unit_id=unit_id, topic=topic, today=clock.today(), limit=size,
        offset=(page - 1) * size,
    )  # fmt: skip
    return EntryPage(
        items=[EntryView.of(entry, face) for entry, face in items], total=total, page=page, size=size
    )


@router.get("/library/entries/{key}", tags=["问答库"])
def read_entry(session: DbSession, actor: LibraryStaff, response: Response, key: str) -> EntryView:
    entry = repository.get_readable(session, actor, key)
    response.headers["ETag"] = f'"{entry.version}"'
    return EntryView.of(entry)


@router.get("/library/entries/{key}/versions", tags=["问答库"])
def read_versions(session: DbSession, actor: LibraryStaff, key: str) -> list[VersionView]:
    entry = repository.get_readable(session, actor, key)
    versions = session.scalars(
        select(EntryVersion).where(EntryVersion.entry_id == entry.id).order_by(EntryVersion.number.desc())
    )
    return [VersionView.of(version) for version in versions]


@router.post("/library/entries", tags=["问答库"], status_code=201)
def create_entry(session: DbSession, actor: Editor, data: ContentInput) -> EntryView:
    return EntryView.of(service.create_entry(session, actor, content_of(session, data)))


@router.put("/library/entries/{key}", tags=["问答库"])
def edit_entry(
    session: DbSession, actor: Editor, key: str, data: ContentInput, if_match: IfMatch
) -> EntryView:
    entry = entry_for_act(session, actor, key, seen_version(if_match))
    service.edit_entry(session, actor, entry, content_of(session, data, entry))
    return EntryView.of(entry)


@router.post("/library/entries/{key}/acts/{event}", tags=["问答库"])
def act_on_entry(
    session: DbSession, actor: LibraryStaff, key: str, event: str, data: ActRequest, if_match: IfMatch
) -> EntryView:
    """提交审核 submit、退回修改 reject、审核发布 publish、放弃 discard、撤回 withdraw。"""
    entry = entry_for_act(session, actor, key, seen_version(if_match))
    service.act_on_version(session, actor, entry, event, data.reason)
    return EntryView.of(entry)


@router.post("/library/import", tags=["问答库"])
def import_files(
    session: DbSession, actor: Editor, files: Annotated[list[UploadFile], File()], dry_run: bool = True
) -> importer.Report:
    """导入解读文件（及同名采编表）或问答表格：先试运行看逐行报告，再正式导入；要么全部成功，要么一条不动。"""
    return importer.import_uploads(session, actor, read_uploads(files), dry_run=dry_run)


@router.get("/library/gaps", tags=["问答库"])
def list_gaps(
    request: Request,
    session: DbSession,
    actor: LibraryStaff,
    days: GapDays = USUAL_PERIOD,
    candidates: bool = False,
    unit: Annotated[str, Query(max_length=32)] = "",
    topic: Annotated[str, Query(max_length=64)] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> GapPage:
    """知识缺口：期间内没有答上的提问，按意思归并，问得多的在前。`candidates` 为真时也算只给出候选、没有人选的。

    `unit`、`topic` 为“-”时列出说不准单位或主题的。政策制定单位只看到可能属于本单位的。
    """
    snapshot, report = gaps_for(request, session, actor, days, candidates)
    chosen = report.of(unit_of_gaps(snapshot, unit), topic)
    return GapPage.of(report, snapshot, chosen, page, size)


def gaps_for(
    request: Request, session: Session, actor: Actor, days: int, weak: bool
) -> tuple[Snapshot, GapReport]:
    """The library now, and the gaps in it that `actor` may see."""
    # Records are written behind the answer: what was asked just now counts.
    request.app.state.query_log.flush()
    snapshot, vectors = asker_of(request).index.snapshot, request.app.state.question_vectors
    return snapshot, gap_report(session, actor, snapshot, vectors, days=days, weak=weak)


def unit_of_gaps(snapshot: Snapshot, code: str) -> int | None:
    """The unit that a filter names: None for no filter, `UNASSIGNED_ID` for clusters without a unit.

    Raises NotFound for an unknown code.
    """
    if code in ("", UNASSIGNED):
        return UNASSIGNED_ID if code else None
    found = next((card.id for card in snapshot.units.values() if card.code == code), None)
    if found is None:
        raise NotFound(f"没有代码为“{code}”的单位。", "请清除条件后重新选择。")
    return found


def read_uploads(files: list[UploadFile]) -> dict[str, bytes]:
    contents: dict[str, bytes] = {}
    total = 0
    for upload in files:
        data = upload.file.read(UPLOAD_LIMIT + 1)
        total += len(data)
        if total > UPLOAD_LIMIT:
            raise TooLarge("一次上传的文件合计超过 20 MB，没有导入。", "请分几次上传。")
        contents[upload.filename or "未命名"] = data
    return contents


def entry_for_act(session: Session, actor: Actor, key: str, seen: int) -> Entry:
    entry = repository.get_readable(session, actor, key)
    if entry.version != seen:
        raise Conflict(
            "您打开页面以后，这条问答已被别人修改，您的操作没有生效。",
            "您填写的内容仍保留在页面上，请查看最新版本后再决定。", current_version=entry.version,
        )  # fmt: skip
    return entry


def content_of(session: Session, data: ContentInput, entry: Entry | None = None) -> Content:
    """The form as content. Phrasings keep the origin that they already had."""
    unit_id = session.scalar(select(Unit.id).where(Unit.code == data.unit)) or 0
    base = (entry.working or entry.published) if entry else None
    origins = {p["text"]: p["origin"] for p in base.phrasings} if base else {}
    return Content(
        question=data.question, answer=data.answer, unit_id=unit_id, topic=data.topic,
        basis=tuple({k: v for k, v in item.model_dump().items() if v} for item in data.basis),
        phrasings=tuple({"text": text, "origin": origins.get(text, "采编")} for text in data.phrasings),
        audience=tuple(a for a in data.audience if a), effective_from=data.effective_from,
        effective_to=data.effective_to, review_due=data.review_due, note=data.note,
        source=dict(base.source) if base else {},
    )  # fmt: skip
