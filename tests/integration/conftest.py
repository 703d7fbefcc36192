"""Keys, subscriptions and somebody who signs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from support.hotline import Hotline
from support.receiver import Receiver


@pytest.fixture
def hotline(make_key: Callable[..., Hotline]) -> Hotline:
    return make_key()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()
