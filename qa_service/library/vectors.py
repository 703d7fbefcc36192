"""The vectors of the library's texts in the database: the index is rebuilt from them, never re-encoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sqlalchemy import select

from qa_service.kit.database import Database
from qa_service.library.models import StoredVector
from qa_service.search.types import Vectors

CHUNK = 500  # SQLite allows 32,766 bound values a statement; 500 keeps statements cheap to compile.


class SqlVectorStore:
    """A `VectorStore` over the `vectors` table. Each call is one transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get_many(self, fingerprint: str, keys: Sequence[str]) -> dict[str, Vectors]:
        found: dict[str, Vectors] = {}
        with self._database.read() as session:
            for start in range(0, len(keys), CHUNK):
                rows = session.execute(
                    select(StoredVector.key, StoredVector.vector).where(
                        StoredVector.fingerprint == fingerprint,
                        StoredVector.key.in_(keys[start : start + CHUNK]),
                    )
                )
                found.update((key, np.frombuffer(vector, dtype=np.float32)) for key, vector in rows)
        return found

    def put_many(self, fingerprint: str, vectors: Mapping[str, Vectors]) -> None:
        missing = set(vectors) - set(self.get_many(fingerprint, list(vectors)))
        if not missing:
            return
        with self._database.write() as session:
            known = set()
            ordered = sorted(missing)
            # Another process may have stored some between our look and our turn to write.
            for start in range(0, len(ordered), CHUNK):
                known |= set(
                    session.scalars(
                        select(StoredVector.key).where(
                            StoredVector.fingerprint == fingerprint,
                            StoredVector.key.in_(ordered[start : start + CHUNK]),
                        )
                    )
                )
            session.add_all(
                StoredVector(
                    fingerprint=fingerprint, key=key, vector=np.asarray(vectors[key], np.float32).tobytes()
                )
                for key in ordered
                if key not in known
            )
