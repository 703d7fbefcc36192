"""Progress of a long measurement, on a terminal only: a file or a pipe gets the figures and nothing else."""

from __future__ import annotations

import sys


def say(stage: str, done: int, total: int) -> None:
    if sys.stdout.isatty() and sys.stderr.isatty():
        print(f"\r{stage} {done}/{total} ", end="\n" if done == total else "", file=sys.stderr, flush=True)
