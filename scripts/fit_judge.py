#!/usr/bin/env python3
"""Fit what tells whether a first hit answers, and whether one of those offered does (qa_service/search/judge.py).

fit_judge.py [--encoder var/indexes/encoder] [--out corpus/encoder/judge.json]

The library is all of corpus/training and corpus/judging; the questions are those of corpus/judging and of the groups that the
encoder has not seen in training (training_corpus.held_out), each asked once as it is and once with its entry and
near-duplicates hidden. Such questions share as few words with their entry as citizens' do, which questions made from its text do
not. Then build the encoder anew (scripts/build_encoder.py): its vectors stay as they are.

What an answer lacks is not fitted but set: siblings written for training mostly hold the same kinds of things.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
from progress import say  # noqa: E402
from training_corpus import HELD_OUT, SEED, held_out, training_groups  # noqa: E402

from qa_service.search.calibration import Calibration  # noqa: E402
from qa_service.search.encoder import open_encoder  # noqa: E402
from qa_service.search.encoder_files import ADAPTER, JUDGE  # noqa: E402
from qa_service.search.engine import Engine  # noqa: E402
from qa_service.search.judge import FEATURES, OFFER_FEATURES, Judge  # noqa: E402
from qa_service.search.logistic import Floats, Logistic, fit  # noqa: E402
from qa_service.search.types import Document  # noqa: E402
from qa_service.text.lexicon import Lexicon  # noqa: E402

LEARNED = ("margin", "level", "wording", "tokens", "words")
OFFER_LEARNED = ("lead", "wording", "level", "tokens")
LACKING = -1.0  # the weight of the share of kinds asked for that the entry lacks


def fitted(engine: Engine, questions: list[tuple[str, str]]) -> Judge:
    """From pairs (question, id of the entry that answers it)."""
    found = []
    for text, entry in questions:
        for hidden in (False, True):
            judged = engine.judged(text, without=entry if hidden else "")
            if judged is not None:
                found.append((entry, judged))
    first = _fit(
        [j.first for _, j in found], [entry == j.offered[0] for entry, j in found], FEATURES, LEARNED
    )
    weights = list(first.weights)
    weights[FEATURES.index("missing")] = LACKING
    offer = _fit(
        [j.offer for _, j in found], [entry in j.offered for entry, j in found], OFFER_FEATURES, OFFER_LEARNED
    )
    return Judge(replace(first, weights=tuple(weights)), offer)


def _fit(rows: list[Floats], right: list[bool], names: Sequence[str], learned: Sequence[str]) -> Logistic:
    columns = [names.index(name) for name in learned]
    found = fit(np.array(rows), np.array(right, float), np.ones(len(rows)), columns)
    weights = zip(names, found.weights, strict=True)
    shown = ", ".join(f"{name} {weight:.2f}" for name, weight in weights if weight)
    print(f"{len(rows)} searches, {sum(right)} right; {shown}")
    return found


def main() -> int:
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("--encoder", type=Path, default=ROOT / "var" / "indexes" / "encoder")
    cli.add_argument("--out", type=Path, default=ADAPTER.with_name(JUDGE))
    args = cli.parse_args()
    encoder = open_encoder(args.encoder, 2)
    corpus = ROOT / "corpus"
    seen, unseen = training_groups(corpus / "training"), training_groups(corpus / "judging")
    ids: dict[int, str] = {}
    documents = []
    for number, entry in enumerate(entry for group in (*seen, *unseen) for entry in group):
        ids[id(entry)] = f"{number:05d}"
        documents.append(Document(ids[id(entry)], entry.question, entry.answer))
    asked = [entry for group in (*held_out(seen, HELD_OUT, SEED)[0], *unseen) for entry in group]
    lexicon = Lexicon.load(corpus / "lexicon")
    usual = Calibration.default(encoder.fingerprint, "")
    engine = Engine.build(documents, encoder, lexicon, calibration=usual, progress=say)
    judge = fitted(engine, [(text, ids[id(entry)]) for entry in asked for text in entry.asked])
    args.out.write_text(json.dumps(asdict(judge), indent=1) + "\n", "utf-8")
    print(f"written: {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
