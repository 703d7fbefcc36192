"""What the builder and the serving side of the encoder agree on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

MANIFEST = "encoder.json"
# The trained addition to the package's weights, and the file that tells which one a model was built with.
ADAPTER = Path(__file__).resolve().parents[2] / "corpus" / "encoder" / "adapter.safetensors"
ADAPTER_MARK = "adapter.sha256"
JUDGE = (
    "judge.json"  # beside the adapter: what tells whether hits answer, fitted with it (scripts/fit_judge.py)
)
MAX_TOKENS = 512
PROMPTS: Mapping[str, str] = {"query": "query: ", "passage": "passage: "}

# Files of a model folder that can change a vector; caches, cards and our own manifest cannot.
_WEIGHTY = {".onnx", ".safetensors", ".bin", ".json", ".txt", ".model"}


def folder_fingerprint(folder: Path, prompts: Mapping[str, str]) -> str:
    """16 hex digits over every file that can change a vector, and the prompts."""
    digest = hashlib.sha256(json.dumps(dict(sorted(prompts.items())), ensure_ascii=False).encode())
    for path in sorted(p for p in folder.rglob("*") if p.suffix in _WEIGHTY and p.name != MANIFEST):
        if path.name == "full.onnx":
            continue
        digest.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as handle:
            digest.update(hashlib.file_digest(handle, "sha256").digest())
    return digest.hexdigest()[:16]


def adapter_digest(path: Path = ADAPTER) -> str:
    """SHA-256 of an adapter file and the judge beside it, in hex."""
    with path.open("rb") as handle:
        digest = hashlib.file_digest(handle, "sha256")
    judge = path.with_name(JUDGE)
    if judge.exists():
        digest.update(judge.read_bytes())
    return digest.hexdigest()


def read_judge(adapter: Path = ADAPTER) -> dict[str, Any] | None:
    """The judge's fields (judge.Judge) from beside an adapter, if there is one."""
    path = adapter.with_name(JUDGE)
    return json.loads(path.read_text("utf-8")) if path.exists() else None
