"""Any sentence-transformers model folder as an encoder; torch is imported when one is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from .encoder_files import folder_fingerprint
from .errors import EncoderMissing
from .judge import Judge
from .types import Reading, Vectors

_PASSAGE_PROMPTS = ("passage", "document", "corpus")


class SentenceTransformerEncoder:
    """Runs a model folder with the prompts of its own configuration, in float32, without network.

    A model without prompts encodes questions and passages alike. Raises EncoderMissing when the folder
    cannot be opened.
    """

    def __init__(self, folder: Path, batch_size: int = 32) -> None:
        if not folder.is_dir():
            raise EncoderMissing(f"{folder} 不存在")
        import torch
        from sentence_transformers import SentenceTransformer

        hide_progress_bars()
        try:
            # fp16 on disk would load as fp16, which is slow and coarse on a CPU
            self._model = SentenceTransformer(
                str(folder), device="cpu", local_files_only=True, model_kwargs={"dtype": torch.float32}
            )
        except Exception as error:  # transformers raises a dozen kinds for an unreadable folder
            raise EncoderMissing(f"{folder} 中没有可用的 sentence-transformers 模型") from error
        prompts = {name: text for name, text in self._model.prompts.items() if text}
        self._query, self._passage = choose_prompts(prompts)
        self._batch_size = batch_size
        self._fingerprint = folder_fingerprint(folder, prompts)

    @property
    def dim(self) -> int:
        return int(self._model.get_embedding_dimension() or 0)

    @property
    def token_dim(self) -> int:
        return 0

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    @property
    def judge(self) -> Judge | None:
        return None

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, self._query)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, self._passage)

    def read_many(self, kind: str, texts: Sequence[str]) -> list[Reading]:
        raise NotImplementedError("token_dim is 0")

    def piece_text(self, piece: int) -> str:
        raise NotImplementedError("token_dim is 0")

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        if not texts:
            return np.zeros((0, self.dim), dtype=np.float32)
        vectors = self._model.encode(
            list(texts), prompt=prompt, batch_size=self._batch_size, normalize_embeddings=True,
            convert_to_numpy=True, show_progress_bar=False,
        )  # fmt: skip
        return np.ascontiguousarray(vectors, dtype=np.float32)


def hide_progress_bars() -> None:
    """Keep transformers from drawing bars for every file it reads or writes."""
    from transformers.utils import logging

    disable: Callable[[], None] = logging.disable_progress_bar
    disable()


def choose_prompts(prompts: Mapping[str, str]) -> tuple[str, str]:
    """The texts put before a question and before a passage; empty where the model names none."""
    passage = next((prompts[name] for name in _PASSAGE_PROMPTS if name in prompts), "")
    return prompts.get("query", ""), passage
