"""Long-lived memory: the collector is back on whatever happens, and leaves alone what was made."""

from __future__ import annotations

import gc

import pytest

from qa_service.kit.memory import long_lived


def test_what_is_made_is_frozen_and_the_collector_on_again() -> None:
    try:
        before = gc.get_freeze_count()
        with long_lived():
            made = [[n] for n in range(1000)]
            assert not gc.isenabled()
        assert gc.isenabled() and gc.get_freeze_count() >= before + len(made)
    finally:
        gc.unfreeze()


def test_a_start_that_fails_leaves_the_collector_on() -> None:
    with pytest.raises(RuntimeError), long_lived():
        raise RuntimeError
    assert gc.isenabled()
