"""Whether search stands on what the library holds."""

from __future__ import annotations

from sqlalchemy.orm import Session

from qa_service.kit.findings import Check
from qa_service.lexicon import repository as lexicon_repository
from qa_service.library import repository
from qa_service.library.live import SAVED
from qa_service.library.opening import EncoderStatus, open_lexicon
from qa_service.search.engine import Engine
from qa_service.search.errors import IndexDamaged
from qa_service.settings import Settings


def check_encoder(settings: Settings, status: EncoderStatus, check: Check) -> None:
    check.checked = 1
    if status.encoder is None:
        check.found(
            "encoder", f"没有句向量模型（{status.reason}），只用词面检索。",
            "运行 qa-service prepare 构建模型；确实不用的，设置 QA_LEXICAL_ONLY=true。",
            str(settings.encoder_dir), problem=not settings.lexical_only,
        )  # fmt: skip


def check_index(session: Session, settings: Settings, status: EncoderStatus, check: Check) -> None:
    """The saved index against the published entries, text by text. Behind is no fault: a running service keeps its
    own index up to date and saves it when it stops."""
    faces, _, revision = repository.faces_since(session, 0)
    check.checked = len(faces)
    folder = settings.index_dir / SAVED
    rebuild = "运行 qa-service reindex；不处理的话，下次启动会自动重建，只是慢一些。"
    if not folder.exists():
        check.found("index-missing", "还没有保存过检索索引。", rebuild, str(folder), problem=False)
        return
    lexicon, _ = lexicon_repository.extended(session, open_lexicon(settings))
    try:
        engine = Engine.load(folder, status.encoder, lexicon)
    except IndexDamaged as error:
        check.found("index-damaged", f"保存的{error.message}", rebuild, str(folder))
        return
    held = {document.id: document for document in engine.documents}
    behind = sum(held.pop(face.key, None) != face.document() for face in faces)
    if behind or held:
        check.found(
            "index-behind", f"保存的索引与问答库第 {revision} 版差 {behind + len(held)} 条。",
            "服务运行中的索引随时更新，停止时保存；没有在运行的，下次启动会自动补上。", str(folder), problem=False,
        )  # fmt: skip
