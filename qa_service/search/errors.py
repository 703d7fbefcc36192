"""Errors that search raises; messages are Chinese, since a person may see them."""

from __future__ import annotations


class SearchError(RuntimeError):
    """Anything that search cannot do; `message` says what happened and `remedy` what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


class IndexDamaged(SearchError):
    """A saved index that is incomplete, truncated or made from other data; it can be rebuilt."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"检索索引不可用：{detail}。", "请重建索引（qa-service reindex），数据库中的内容不受影响。"
        )


class EncoderMissing(SearchError):
    """A folder that holds no encoder that can be opened."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"语义模型不可用：{detail}。", "请先构建模型，或检查 QA_ENCODER 设置；此前仍可按词检索。"
        )


class EncoderMismatch(SearchError):
    """An index and an encoder that do not belong together."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"语义模型与索引不一致：{detail}。", "请用当前模型重新生成向量并重建索引。")
