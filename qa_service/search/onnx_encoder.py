"""The bundled encoder in serving: onnxruntime and tokenizers only, torch is never imported."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .encoder_files import MANIFEST
from .errors import EncoderMissing
from .types import Reading, Vectors

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
            self._token_dim = int(manifest["token_dim"])
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
        self._vector_only = onnxruntime.RunOptions()
        self._vector_only.only_execute_path_to_fetches = True
        # A text's own tokens begin after the first special one and those of its prompt.
        self._skip = {p: len(self._tokenizer.encode(p).ids) - 1 for p in self._prompts.values()}

    @property
    def dim(self) -> int:
        return self._dim

    @property
    def token_dim(self) -> int:
        return self._token_dim

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, self._prompts["query"])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts, self._prompts["passage"])

    def read_many(self, kind: str, texts: Sequence[str]) -> list[Reading]:
        prompt = self._prompts[kind]
        skip = self._skip[prompt]
        readings: dict[int, Reading] = {}
        for rows, ids, inputs in self._batched(texts, prompt):
            vectors, states = self._session.run(["vector", "tokens"], inputs)
            for n, row in enumerate(rows):
                own = slice(skip, len(ids[row]) - 1)
                pieces = np.array(ids[row][own], dtype=np.int32)
                readings[row] = Reading(vectors[n], states[n, own], pieces)
        return [readings[row] for row in range(len(texts))]

    def piece_text(self, piece: int) -> str:
        return (self._tokenizer.id_to_token(piece) or "").strip("▁")

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        vectors = np.zeros((len(texts), self._dim), dtype=np.float32)
        for rows, _, inputs in self._batched(texts, prompt):
            vectors[rows] = self._session.run(["vector"], inputs, self._vector_only)[0]
        return vectors

    def _batched(
        self, texts: Sequence[str], prompt: str
    ) -> Iterator[tuple[list[int], list[list[int]], dict[str, npt.NDArray[np.int64]]]]:
        """Rows of a batch, the token ids of all texts, and the model's inputs for these rows."""
        ids = [e.ids for e in self._tokenizer.encode_batch_fast([prompt + text for text in texts])]
        for rows in _batches([len(i) for i in ids]):
            inputs, mask = _padded([ids[row] for row in rows], self._pad)
            yield rows, ids, {"ids": inputs, "mask": mask}


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
