"""A snapshot on disk: plain files and a manifest with the size and SHA-256 of each.

Files are read whole, not mapped: a mapped file that is truncated while the service runs kills the process,
and 30 MiB are read in a few hundredths of a second.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..text.lexicon import Lexicon
from ..text.pinyin import Pinyin
from .calibration import Calibration
from .dense import DenseIndex, Wording
from .errors import IndexDamaged
from .hearing import phonetics_of
from .late import LateIndex, TokenField
from .lexical import LexicalIndex, Postings
from .parts import Parts
from .scope import ScopeIndex
from .suggest import SuggestIndex
from .tokens import TokenStates
from .types import Document, Encoder

FORMAT = 6
_MANIFEST = "manifest.json"
_DATES = ("effective_from", "effective_to", "review_due")


def save_index(folder: Path, parts: Parts) -> None:
    """Write to a temporary sibling, then put it in `folder`'s place. Scopes and sounds are worked out anew at loading."""
    lexical, dense, late = parts.lexical, parts.dense, parts.late
    pinyins = {**parts.suggestions.pinyins, **parts.phonetics.pinyins}
    files: dict[str, bytes] = {
        "documents.jsonl": _lines(
            [
                {
                    **asdict(d),
                    "digest": parts.digests[d.id],
                    "wordings": [[w.written, w.normal] for w in entry],
                }
                for d, entry in zip(parts.documents, parts.wordings, strict=True)
            ]
        ),
        "vocabulary.json": _json(list(lexical.vocabulary)),
        "pinyin.json": _json({t: [p.syllables, p.initials] for t, p in pinyins.items()}),
    }
    scores = lexical.bm25.scores
    arrays: dict[str, npt.NDArray[Any]] = {
        "terms.start": lexical.postings.start, "terms": lexical.postings.terms,
        "counts": lexical.postings.counts,
        "bm25.data": scores["data"], "bm25.rows": scores["indices"], "bm25.start": scores["indptr"],
    }  # fmt: skip
    if dense is not None:
        arrays |= {"vectors": dense.rows, "vectors.start": dense.start, "passages": dense.both}
    if late is not None:
        arrays |= _token_arrays("tokens", late.wordings) | _token_arrays("passage_tokens", late.passages)
        arrays["piece_frequency"] = late.frequency
    for name, array in arrays.items():
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        files[name + ".npy"] = buffer.getvalue()
    if parts.calibration is not None:
        files["calibration.json"] = _json(asdict(parts.calibration))
    manifest = {
        "format": FORMAT, "entries": len(parts.documents), "library": parts.library_fingerprint(),
        "encoder": parts.encoder_fingerprint, "lexicon": parts.lexicon.fingerprint,
        "files": {name: [len(data), hashlib.sha256(data).hexdigest()] for name, data in files.items()},
    }  # fmt: skip
    draft = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for name, data in (*files.items(), (_MANIFEST, _json(manifest))):
        with (draft / name).open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
    put_in_place(draft, folder)


def _token_arrays(name: str, field: TokenField) -> dict[str, npt.NDArray[Any]]:
    packed = field.packed()
    parts: dict[str, npt.NDArray[Any]] = {
        "codes": packed.base.codes, "scales": packed.base.scales, "pieces": packed.base.pieces,
        "lengths": packed.lengths, "total": packed.total,
    }  # fmt: skip
    return {f"{name}.{part}": array for part, array in parts.items()}


def put_in_place(draft: Path, folder: Path) -> None:
    """Rename `draft` to `folder`. Of several processes that save at once one wins; any of them will do."""
    old = folder.with_name(f"{folder.name}.{os.getpid()}.old")
    shutil.rmtree(old, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        folder.rename(old)
    try:
        draft.rename(folder)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY):
            raise
        shutil.rmtree(draft, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)


def load_index(folder: Path, encoder: Encoder | None, lexicon: Lexicon) -> Parts:
    """Read and check everything. Raises IndexDamaged."""
    manifest = _manifest(folder)
    if manifest["encoder"] != (encoder.fingerprint if encoder is not None else None):
        raise IndexDamaged("索引由另一个语义模型建立")
    if manifest["lexicon"] != lexicon.fingerprint:
        raise IndexDamaged("索引建立后词表有改动")
    files = {name: _checked(folder / name, *facts) for name, facts in manifest["files"].items()}
    try:
        return _restore(files, manifest, encoder, lexicon)
    except (KeyError, ValueError, TypeError, IndexError) as error:
        raise IndexDamaged("索引文件内容不完整") from error


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((folder / _MANIFEST).read_bytes())
        known = manifest["format"]
        _ = manifest["encoder"], manifest["lexicon"], manifest["files"].items(), manifest["entries"]
    except FileNotFoundError as error:
        raise IndexDamaged("没有找到索引文件") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IndexDamaged("索引清单无法读取") from error
    if known != FORMAT:
        raise IndexDamaged("索引由其他版本的程序建立")
    return manifest


def _checked(path: Path, size: int, digest: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise IndexDamaged(f"缺少文件 {path.name}") from error
    if len(data) != size or hashlib.sha256(data).hexdigest() != digest:
        raise IndexDamaged(f"文件 {path.name} 被截断或改动")
    return data


def _restore(
    files: Mapping[str, bytes], manifest: Mapping[str, Any], encoder: Encoder | None, lexicon: Lexicon
) -> Parts:
    def array(name: str) -> npt.NDArray[Any]:
        loaded: npt.NDArray[Any] = np.load(io.BytesIO(files[name + ".npy"]), allow_pickle=False)
        return loaded

    records = [json.loads(line) for line in files["documents.jsonl"].splitlines()]
    documents = tuple(_document(record) for record in records)
    postings = Postings(array("terms.start"), array("terms"), array("counts"))
    vocabulary = {term: number for number, term in enumerate(json.loads(files["vocabulary.json"]))}
    lexical = LexicalIndex.restore(
        vocabulary, postings, array("bm25.data"), array("bm25.rows"), array("bm25.start")
    )
    dense, late = None, None
    if encoder is not None:
        dense = DenseIndex.assemble(array("vectors"), array("vectors.start"), array("passages"))
        if dense.dim != encoder.dim or len(dense.start) - 1 != len(documents):
            raise ValueError("vectors")
        if "tokens.codes.npy" in files:
            wordings, passages = (
                TokenField.of(
                    TokenStates(*(array(f"{name}.{part}") for part in ("codes", "scales", "pieces"))),
                    array(f"{name}.lengths"), array(f"{name}.total"),
                )
                for name in ("tokens", "passage_tokens")
            )  # fmt: skip
            late = LateIndex.assemble(wordings, passages, array("piece_frequency"))
    if len(documents) != manifest["entries"] or lexical.size != len(documents):
        raise ValueError("entries")
    known = {text: Pinyin(*pair) for text, pair in json.loads(files["pinyin.json"]).items()}
    calibration = None
    if "calibration.json" in files:
        calibration = Calibration.of(json.loads(files["calibration.json"]))
    digests = {record["id"]: record["digest"] for record in records}
    entries = tuple(tuple(Wording(*pair) for pair in record["wordings"]) for record in records)
    suggestions = SuggestIndex.build([d.id for d in documents], entries, known)
    return Parts(
        documents, entries, digests, lexical, dense, late, suggestions, ScopeIndex.build(documents, lexicon),
        phonetics_of(lexicon, lexical, known), lexicon, encoder, calibration,
    )  # fmt: skip


def _document(record: Mapping[str, Any]) -> Document:
    values = {name: value for name, value in record.items() if name not in ("digest", "wordings")}
    for name in _DATES:
        values[name] = date.fromisoformat(values[name]) if values[name] else None
    values["phrasings"], values["audience"] = tuple(values["phrasings"]), tuple(values["audience"])
    return Document(**values)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _lines(records: Sequence[object]) -> bytes:
    return b"\n".join(json.dumps(r, ensure_ascii=True, default=str).encode() for r in records)
