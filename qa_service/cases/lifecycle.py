"""A lifecycle as a table: state × event → state, who may, what it needs, what it does to the clock.

The one table drives the API, the buttons on the page, the printed flow chart and the property tests.
Pure: knows no database and no HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from qa_service.accounts.roles import Role


class Clock(StrEnum):
    """What an act does to the time limit. Nothing resets it."""

    KEEP = "keep"
    START = "start"
    MET = "met"


# The target of an act that leaves the case where it is.
STAY = ""


class Audience(StrEnum):
    """Who may read an event: the person who asked, the staff concerned, or only the zone."""

    PUBLIC = "public"
    STAFF = "staff"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class State:
    """`official` is the name the ledger uses; several states may share one (待告知 is still 办理中).

    `timed`: the time limit, once started, still has to be kept while the case is here.
    """

    code: str
    label: str
    official: str
    final: bool = False
    timed: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """One row of the table.

    `target` STAY keeps the state. `needs` names the fields that must be filled in. A policy unit may act only
    on what it holds; `assisting` acts are those of the units that assist (协办单位) instead. `sentence` is the
    event as people read it, with {placeholders} of the act's fields. `consequence` is said before the act is
    confirmed, where it cannot simply be undone.
    """

    event: str
    label: str
    sources: frozenset[str]
    target: str
    roles: frozenset[Role]
    sentence: str
    needs: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    clock: Clock = Clock.KEEP
    audience: Audience = Audience.STAFF
    outcome: str = ""
    consequence: str = ""
    assisting: bool = False

    def leads_to(self, source: str) -> str:
        """The state that the act leads to from `source`."""
        return self.target or source


@dataclass(frozen=True)
class Lifecycle:
    """The whole table of one kind of case. Raises ValueError when the table contradicts itself."""

    kind: str
    initial: str
    states: Mapping[str, State]
    acts: tuple[Act, ...]
    _table: dict[tuple[str, str], Act] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        if self.initial not in self.states:
            raise ValueError(f"{self.kind}: initial state {self.initial} is not declared")
        for act in self.acts:
            for state in (*act.sources, *filter(None, [act.target])):
                if state not in self.states:
                    raise ValueError(f"{self.kind}: act {act.event} names undeclared state {state}")
            for source in act.sources:
                if (source, act.event) in self._table:
                    raise ValueError(f"{self.kind}: {act.event} is declared twice from {source}")
                self._table[source, act.event] = act
        if unreachable := set(self.states) - self._reachable():
            raise ValueError(f"{self.kind}: states never reached: {sorted(unreachable)}")
        for code, declared in self.states.items():
            left_by = [act for (source, _), act in self._table.items() if source == code]
            leaves = any(act.leads_to(code) != code for act in left_by)
            if declared.final and left_by:
                raise ValueError(f"{self.kind}: final state {code} can be left")
            if not declared.final and not leaves:
                raise ValueError(f"{self.kind}: state {code} is a dead end")

    def _reachable(self) -> set[str]:
        seen, todo = {self.initial}, [self.initial]
        while todo:
            state = todo.pop()
            for (source, _), act in self._table.items():
                if source == state and act.leads_to(source) not in seen:
                    seen.add(act.leads_to(source))
                    todo.append(act.leads_to(source))
        return seen

    def find(self, state: str, event: str) -> Act | None:
        """The act that `event` is in `state`, or None when it is not possible there."""
        return self._table.get((state, event))

    def from_state(self, state: str, role: Role) -> list[Act]:
        """The acts open to `role` in `state`, in the order of the table: the buttons of the page."""
        return [act for act in self.acts if state in act.sources and role in act.roles]

    def events(self) -> list[str]:
        return list(dict.fromkeys(act.event for act in self.acts))

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram, for the documentation."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.initial}: 登记"]
        lines += [f"    {state.code}: {state.label}" for state in self.states.values()]
        for act in self.acts:
            lines += [
                f"    {source} --> {act.leads_to(source)}: {act.label}" for source in sorted(act.sources)
            ]
        lines += [f"    {state.code} --> [*]" for state in self.states.values() if state.final]
        return "\n".join(lines) + "\n"
