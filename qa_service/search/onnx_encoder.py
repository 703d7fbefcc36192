"""The bundled encoder in serving: onnxruntime and tokenizers only, torch is never imported."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .encoder_files import MANIFEST
from .errors import EncoderMissing
from .types import Vectors

# At most this many tokens, padding included, go through the model at once: a larger batch leaves the
# cores' caches and was slower, and the memory arena keeps the largest batch's memory for ever.
_BATCH_TOKENS = 512
_BATCH_TEXTS = 32


class OnnxEncoder:
    """Runs `folder`/model.onnx with its tokenizer and manifest. Raises EncoderMissing when incomplete."""

    def __init__(self, folder: Path, threads: int = 2) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        try:
            manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
            self._prompts: dict[str, str] = manifest["prompts"]
            self._dim, self._max_tokens = int(manifest["dim"]), int(manifest["max_tokens"])
            self._fingerprint = str(manifest["fingerprint"])
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = threads
            options.inter_op_num_threads = 1
            options.log_severity_level = 3
            self._session = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
        except EncoderMissing:
            raise
        except Exception as error:  # onnxruntime and tokenizers raise their own, unexported kinds
            raise EncoderMissing(f"{folder} 中的模型文件缺失或已损坏") from error
        self._tokenizer.enable_truncation(self._max_tokens)
        self._tokenizer.no_padding()
        self._pad = int(self._tokenizer.token_to_id("<pad>") or 0)

    @property
    def dim(self) -> int:
        return self._dim

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, self._prompts["query"])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, self._prompts["passage"])

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        vectors = np.zeros((len(texts), self._dim), dtype=np.float32)
        if not texts:
            return vectors
        ids = [e.ids for e in self._tokenizer.encode_batch_fast([prompt + text for text in texts])]
        for rows in _batches([len(i) for i in ids]):
            inputs, mask = _padded([ids[row] for row in rows], self._pad)
            vectors[rows] = self._session.run(["vector"], {"ids": inputs, "mask": mask})[0]
        return vectors


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Row numbers in groups of like length, longest first, so that little is padded."""
    order = sorted(range(len(lengths)), key=lambda row: (-lengths[row], row))
    start = 0
    while start < len(order):
        size = max(1, min(_BATCH_TEXTS, _BATCH_TOKENS // max(1, lengths[order[start]])))
        yield order[start : start + size]
        start += size


def _padded(ids: Sequence[Sequence[int]], pad: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Token ids and mask, both int64 [n, longest]."""
    width = max(len(row) for row in ids)
    inputs = np.full((len(ids), width), pad, dtype=np.int64)
    mask = np.zeros((len(ids), width), dtype=np.int64)
    for number, row in enumerate(ids):
        inputs[number, : len(row)] = row
        mask[number, : len(row)] = 1
    return inputs, mask
