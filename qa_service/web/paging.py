"""Which page of a long table is shown, and the addresses of its neighbours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pages:
    """`number` counts from 1; `base` is the address with all filters and a query string."""

    number: int
    size: int
    total: int
    base: str

    @property
    def last(self) -> int:
        return max(1, -(-self.total // self.size))

    @property
    def first_row(self) -> int:
        return min(self.total, (self.number - 1) * self.size + 1)

    @property
    def last_row(self) -> int:
        return min(self.total, self.number * self.size)

    def address(self, number: int) -> str:
        return f"{self.base}&page={number}"
