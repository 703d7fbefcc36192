"""What we add to the package's weights: trained top layers for pooling, and the projection of token states.

The encoder is one network with two ends. The lower layers are shared; on them stand the package's own top layers,
whose token states are compared one by one (late.py), and a trained copy of those layers, whose mean is the vector of
a text (scripts/train_encoder.py). Training the one end leaves the other as it was: token states lose by training
what the vector gains.

A safetensors file with float16 arrays: `layer.N.NAME` replaces parameter NAME of transformer layer N (from 0) on the
pooling side; token states less `offset` [dim], the mean token of the training texts, times `project` [dim, token dim]
are what is compared. What all tokens share is several times longer than what tells them apart, so that without the
offset eight bits would be spent on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

PROJECT, OFFSET = "project", "offset"
_LAYER = "layer."


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
    """The number of the lowest layer that has a trained copy."""
    return min(int(name.split(".")[1]) for name in adapter if name.startswith(_LAYER))


def adapted(state: Mapping[str, Any], adapter: Mapping[str, Array]) -> dict[str, Any]:
    """The state of a BertModel with the trained layers in place of the package's."""
    import torch

    layers = {
        f"encoder.{name}": torch.from_numpy(v) for name, v in adapter.items() if name.startswith(_LAYER)
    }
    unknown = layers.keys() - state.keys()
    if unknown:
        raise ValueError(f"not of this model: {sorted(unknown)[0]}")
    return {**state, **layers}
