"""Opens whatever encoder a folder holds."""

from __future__ import annotations

from pathlib import Path

from .encoder_files import MANIFEST
from .errors import EncoderMissing
from .types import Encoder

_ST_MARKS = ("modules.json", "config_sentence_transformers.json", "config.json")


def open_encoder(path: Path, threads: int = 2) -> Encoder:
    """The encoder in `path`: our ONNX form if present (also in `path`/onnx), else sentence-transformers.

    Raises EncoderMissing when there is neither.
    """
    for folder in (path, path / "onnx"):
        if (folder / MANIFEST).is_file():
            from .onnx_encoder import OnnxEncoder

            return OnnxEncoder(folder, threads)
    for folder in (path, path / "st"):
        if any((folder / mark).is_file() for mark in _ST_MARKS):
            from .st_encoder import SentenceTransformerEncoder

            return SentenceTransformerEncoder(folder)
    raise EncoderMissing(f"{path} 中没有模型")
