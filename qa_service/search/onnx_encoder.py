"""The bundled encoder in serving: onnxruntime and tokenizers only, torch is never imported."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from .encoder_files import MANIFEST
from .errors import EncoderMissing
from .judge import Judge
from .types import Reading, Vectors

T = TypeVar("T")


class OnnxEncoder:
    """Runs `folder`/model.onnx with its tokenizer and manifest. Raises EncoderMissing when incomplete.

    Texts go through the model one by one, of many `threads` at a time. The int8 model takes the range of its activations
    from all that it is given at once, so in a batch a text's vector would depend on its neighbours (cosines moved by
    .01–.06); and singly, one text a thread, it is as fast as in batches of like length.
    """

    def __init__(self, folder: Path, threads: int = 2) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        try:
            manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
            self._prompts: dict[str, str] = manifest["prompts"]
            self._dim, self._max_tokens = int(manifest["dim"]), int(manifest["max_tokens"])
            self._token_dim = int(manifest["token_dim"])
            self._fingerprint = str(manifest["fingerprint"])
            judge = manifest.get("judge")
            self._judge = Judge.of(judge) if judge else None
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            options.inter_op_num_threads = 1
            options.log_severity_level = 3
            # An arena keeps what the longest text so far needed, 20 MiB; without one a question takes no longer.
            options.enable_cpu_mem_arena = False
            self._session = onnxruntime.InferenceSession(
                str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
            )
        except EncoderMissing:
            raise
        except Exception as error:  # onnxruntime and tokenizers raise their own, unexported kinds
            raise EncoderMissing(f"{folder} 中的模型文件缺失或已损坏") from error
        self._tokenizer.enable_truncation(self._max_tokens)
        self._tokenizer.no_padding()
        self._threads = threads
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
    def judge(self) -> Judge | None:
        return self._judge

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

        def read(ids: list[int]) -> Reading:
            vectors, states = self._session.run(["vector", "tokens"], _inputs(ids))
            own = slice(skip, len(ids) - 1)
            return Reading(vectors[0], states[0, own], np.array(ids[own], dtype=np.int32))

        return self._each(texts, prompt, read)

    def piece_text(self, piece: int) -> str:
        return (self._tokenizer.id_to_token(piece) or "").strip("▁")

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        def encode(ids: list[int]) -> Vectors:
            vectors: Vectors = self._session.run(["vector"], _inputs(ids), self._vector_only)[0]
            return vectors

        return np.concatenate([np.zeros((0, self._dim), np.float32), *self._each(texts, prompt, encode)])

    def _each(self, texts: Sequence[str], prompt: str, run: Callable[[list[int]], T]) -> list[T]:
        """What `run` makes of the token ids of each text."""
        ids = [e.ids for e in self._tokenizer.encode_batch_fast([prompt + text for text in texts])]
        if len(ids) < 2 or self._threads < 2:
            return [run(one) for one in ids]
        with ThreadPoolExecutor(self._threads) as pool:
            return list(pool.map(run, ids))


def _inputs(ids: Sequence[int]) -> dict[str, npt.NDArray[np.int64]]:
    """The model's inputs for one text, both int64 [1, tokens]."""
    return {"ids": np.array([ids], dtype=np.int64), "mask": np.ones((1, len(ids)), dtype=np.int64)}
