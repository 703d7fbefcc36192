"""What we add to the package's weights: trained top layers for each of its two ends, and the projection of token states.

The encoder is one network with two ends. The lower layers are shared; on them stand two trained copies of the top ones:
of the one the mean is the vector of a text, of the other the token states are compared one by one (late.py). Each is
trained for its own work (scripts/train_encoder.py): one end that does both loses in the one what it gains in the other.

A safetensors file with float16 arrays: `layer.N.NAME` replaces parameter NAME of transformer layer N (from 0) on the
pooling side, `matching.N.NAME` on the token side; token states less `offset` [dim], the mean token of the training texts,
times `project` [dim, token dim] are what is compared. What all tokens share is several times longer than what tells them
apart, so that without the offset eight bits would be spent on it. Beside it lies what tells whether hits answer (judge.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

PROJECT, OFFSET = "project", "offset"
POOLING, MATCHING = "layer.", "matching."


def save_adapter(path: Path, arrays: Mapping[str, Any]) -> None:
    from safetensors.numpy import save_file

    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: np.ascontiguousarray(value, dtype=np.float16) for name, value in arrays.items()}, str(path)
    )


def load_adapter(path: Path) -> dict[str, Array]:
    """Arrays by name as float32."""
    from safetensors.numpy import load_file

    return {name: value.astype(np.float32) for name, value in load_file(str(path)).items()}


def first_layer(adapter: Mapping[str, Array]) -> int:
    """The number of the lowest layer that has a trained copy on either side."""
    return min(int(name.split(".")[1]) for name in adapter if name.startswith((POOLING, MATCHING)))


def adapted(state: Mapping[str, Any], adapter: Mapping[str, Array], side: str = POOLING) -> dict[str, Any]:
    """The state of a BertModel with the trained layers of one side in place of the package's."""
    import torch

    layers = {
        f"encoder.layer.{name.removeprefix(side)}": torch.from_numpy(value)
        for name, value in adapter.items()
        if name.startswith(side)
    }
    unknown = layers.keys() - state.keys()
    if unknown:
        raise ValueError(f"not of this model: {sorted(unknown)[0]}")
    return {**state, **layers}
