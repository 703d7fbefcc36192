"""The memory of a process that has read much at its start and then lives long."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def long_lived() -> Iterator[None]:
    """What is made inside stays for good: the garbage collector neither looks while it is made nor walks it afterwards,
    and what was only needed to make it goes back to the system."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
    gc.collect()
    gc.freeze()
    _give_back()


def _give_back() -> None:
    """The C library keeps freed memory for later; a tenth of this process's is never needed again. Where the library
    is not glibc there is nothing to call."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):
        return
    trim(0)
