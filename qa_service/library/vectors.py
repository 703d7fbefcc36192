"""What the encoder made of the library's texts, in the database: the index is rebuilt from it, never re-encoded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sqlalchemy import select

from qa_service.kit.database import Database
from qa_service.library.models import StoredTokenStates, StoredVector
from qa_service.search.types import Vectors

CHUNK = 500  # SQLite allows 32,766 bound values a statement; 500 keeps statements cheap to compile.
_DATA = {StoredVector: StoredVector.vector, StoredTokenStates: StoredTokenStates.states}
_Table = type[StoredVector] | type[StoredTokenStates]


class SqlVectorStore:
    """A `VectorStore` over the `vectors` and `token_states` tables. Each call is one transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def get_many(self, fingerprint: str, keys: Sequence[str]) -> dict[str, Vectors]:
        found = self._get(StoredVector, fingerprint, keys)
        return {key: np.frombuffer(data, dtype=np.float32) for key, data in found.items()}

    def put_many(self, fingerprint: str, vectors: Mapping[str, Vectors]) -> None:
        data = {key: np.asarray(vector, np.float32).tobytes() for key, vector in vectors.items()}
        self._put(StoredVector, fingerprint, data)

    def get_states(self, fingerprint: str, keys: Sequence[str]) -> dict[str, bytes]:
        return self._get(StoredTokenStates, fingerprint, keys)

    def put_states(self, fingerprint: str, states: Mapping[str, bytes]) -> None:
        self._put(StoredTokenStates, fingerprint, states)

    def _get(self, table: _Table, fingerprint: str, keys: Sequence[str]) -> dict[str, bytes]:
        found: dict[str, bytes] = {}
        with self._database.read() as session:
            for start in range(0, len(keys), CHUNK):
                part = keys[start : start + CHUNK]
                chosen = select(table.key, _DATA[table]).where(
                    table.fingerprint == fingerprint, table.key.in_(part)
                )
                found.update((key, data) for key, data in session.execute(chosen))
        return found

    def _put(self, table: _Table, fingerprint: str, data: Mapping[str, bytes]) -> None:
        column = _DATA[table].key
        with self._database.write() as session:
            known: set[str] = set()
            ordered = sorted(data)
            # Another process may have stored some in the meantime.
            for start in range(0, len(ordered), CHUNK):
                part = ordered[start : start + CHUNK]
                chosen = select(table.key).where(table.fingerprint == fingerprint, table.key.in_(part))
                known |= set(session.scalars(chosen))
            session.add_all(
                table(fingerprint=fingerprint, key=key, **{column: data[key]})
                for key in ordered
                if key not in known
            )
