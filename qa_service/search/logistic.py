"""Logistic regression over a few features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_RIDGE = 1.0


@dataclass(frozen=True, slots=True)
class Logistic:
    """Standardise features by `mean` and `scale`, weigh, add `bias`."""

    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]
    bias: float

    def logit(self, features: Floats) -> float:
        z = (features - np.array(self.mean)) / np.array(self.scale)
        return float(z @ np.array(self.weights) + self.bias)

    def shifted(self, slope: float, shift: float) -> Logistic:
        """One whose logit is this one's times `slope` plus `shift`."""
        weights = tuple(slope * weight for weight in self.weights)
        return replace(self, weights=weights, bias=slope * self.bias + shift)

    @classmethod
    def of(cls, data: Mapping[str, Any], names: Sequence[str]) -> Logistic:
        """From its fields as read from JSON. Raises ValueError, KeyError or TypeError when they are not."""
        columns = {key: tuple(float(value) for value in data[key]) for key in ("mean", "scale", "weights")}
        if any(len(column) != len(names) for column in columns.values()):
            raise ValueError(f"not of {len(names)} features")
        return cls(**columns, bias=float(data["bias"]))


def fit(rows: Floats, labels: Floats, weights: Floats, columns: Sequence[int] | None = None) -> Logistic:
    """Weighted ridge logistic regression by Newton's method, over rows [samples, features].

    Only of `columns` if given; the others weigh nothing.
    """
    used = list(range(rows.shape[1])) if columns is None else list(columns)
    mean, scale = np.zeros(rows.shape[1]), np.ones(rows.shape[1])
    mean[used], scale[used] = rows[:, used].mean(axis=0), np.maximum(rows[:, used].std(axis=0), 1e-6)
    x = np.hstack([((rows - mean) / scale)[:, used], np.ones((len(rows), 1))])
    ridge = _RIDGE * np.diag([1.0] * len(used) + [0.0])
    beta = np.zeros(x.shape[1])
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (weights * (p - labels)) + ridge @ beta
        step = np.linalg.solve((x * (weights * p * (1 - p) + 1e-9)[:, None]).T @ x + ridge, gradient)
        beta = beta - step
        if float(np.abs(step).max()) < 1e-8:
            break
    found = np.zeros(rows.shape[1])
    found[used] = beta[:-1]
    return Logistic(
        tuple(map(float, mean)), tuple(map(float, scale)), tuple(map(float, found)), float(beta[-1])
    )
