#!/usr/bin/env python3
"""Fit what tells whether a first hit answers (calibration.FEATURES), and write it into the encoder's adapter.

fit_judge.py [--encoder var/indexes/encoder] [--adapter corpus/encoder/adapter.safetensors]

The library is all of corpus/training; the questions are those of the groups that the encoder has not seen in training
(training_corpus.held_out), each asked once as it is and once with its entry and near-duplicates hidden. Such questions share as few
words with their entry as citizens' do, which questions made from its text do not. Then build the encoder anew
(scripts/build_encoder.py): its vectors stay as they are.

What an answer lacks is not fitted but set: siblings written for training mostly hold the same kinds of things.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from progress import say  # noqa: E402
from training_corpus import HELD_OUT, SEED, Entry, held_out, training_groups  # noqa: E402

from qa_service.search.adapter import JUDGE, load_adapter, save_adapter  # noqa: E402
from qa_service.search.calibration import FEATURES, Calibration  # noqa: E402
from qa_service.search.encoder import open_encoder  # noqa: E402
from qa_service.search.encoder_files import ADAPTER  # noqa: E402
from qa_service.search.engine import Engine  # noqa: E402
from qa_service.search.logistic import Logistic, fit  # noqa: E402
from qa_service.search.types import Document  # noqa: E402
from qa_service.text.lexicon import Lexicon  # noqa: E402

LEARNED = ("margin", "level", "wording", "tokens", "words")
LACKING = -1.0  # the weight of the share of kinds asked for that the entry lacks


def fitted(engine: Engine, questions: list[tuple[str, str]]) -> Logistic:
    """From pairs (question, id of the entry that answers it)."""
    rows, right = [], []
    for text, entry in questions:
        for hidden in (False, True):
            found = engine.first_features(text, without=entry if hidden else "")
            if found is not None:
                rows.append(found.features)
                right.append(found.entry == entry)
    columns = [FEATURES.index(name) for name in LEARNED]
    judge = fit(np.array(rows), np.array(right, float), np.ones(len(rows)), columns)
    weights = list(judge.weights)
    weights[FEATURES.index("missing")] = LACKING
    print(
        f"{len(rows)} searches, {sum(right)} right; "
        + ", ".join(f"{n} {w:.2f}" for n, w in zip(FEATURES, weights, strict=True))
    )
    return replace(judge, weights=tuple(weights))


def main() -> int:
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("--encoder", type=Path, default=ROOT / "var" / "indexes" / "encoder")
    cli.add_argument("--adapter", type=Path, default=ADAPTER)
    args = cli.parse_args()
    encoder = open_encoder(args.encoder, 2)
    groups = training_groups(ROOT / "corpus" / "training")
    ids: dict[int, str] = {}
    documents = []
    for number, entry in enumerate(entry for group in groups for entry in group):
        ids[id(entry)] = f"{number:05d}"
        documents.append(Document(ids[id(entry)], entry.question, entry.answer))
    unseen: list[Entry] = [entry for group in held_out(groups, HELD_OUT, SEED)[0] for entry in group]
    lexicon = Lexicon.load(ROOT / "corpus" / "lexicon")
    usual = Calibration.default(encoder.fingerprint, "")
    engine = Engine.build(documents, encoder, lexicon, calibration=usual, progress=say)
    judge = fitted(engine, [(text, ids[id(entry)]) for entry in unseen for text in entry.asked])
    arrays = {"mean": judge.mean, "scale": judge.scale, "weights": judge.weights, "bias": (judge.bias,)}
    parts = load_adapter(args.adapter)
    save_adapter(args.adapter, {**parts, **{JUDGE + name: np.array(value) for name, value in arrays.items()}})
    print(f"written: {args.adapter}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
