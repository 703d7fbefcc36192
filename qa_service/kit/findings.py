"""What a self-check found, in words an operator can act on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    """`problem`: something is wrong; otherwise a notice. `subject` is a case number, a file, a zone."""

    code: str
    message: str
    remedy: str
    subject: str = ""
    problem: bool = True


@dataclass(slots=True)
class Check:
    """One check: how many things it looked at and what it found. `findings` may be long, reports cut it."""

    code: str
    name: str
    checked: int = 0
    findings: list[Finding] = field(default_factory=list)

    def found(self, code: str, message: str, remedy: str, subject: str = "", *, problem: bool = True) -> None:
        self.findings.append(Finding(code, message, remedy, subject, problem))

    @property
    def failed(self) -> bool:
        return any(finding.problem for finding in self.findings)

    @property
    def status(self) -> str:
        return "problem" if self.failed else "notice" if self.findings else "ok"


@contextmanager
def check(code: str, name: str, into: list[Check]) -> Iterator[Check]:
    made = Check(code, name)
    into.append(made)
    yield made
