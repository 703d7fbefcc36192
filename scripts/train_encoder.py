#!/usr/bin/env python3
"""Train what we add to the package's encoder (qa_service/search/adapter.py) on hand-written questions.

train_encoder.py [--out corpus/encoder/adapter.safetensors] [--depth 3] [--steps 400] [--seed 0]

The data are the bundled interpretations with their phrasings and corpus/training, never an evaluation set. The lower
layers stay as they are, so their states are computed once; only copies of the top `depth` layers learn: a question
must come nearer to its own entry (standard question as a question, question and answer as a passage) than to the
others in the batch (InfoNCE, van den Oord et al. 2018, arXiv:1807.03748). A batch holds whole sibling groups, entries
of one interpretation or of one programme, so that most wrong answers differ from the right one in one aspect only.

Takes about ten minutes on two cores.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402

from qa_service.extraction.annotations import match_annotations, read_annotations  # noqa: E402
from qa_service.extraction.pairs import extract_pairs  # noqa: E402
from qa_service.extraction.reader import read_document  # noqa: E402
from qa_service.search.adapter import OFFSET, PROJECT, save_adapter  # noqa: E402
from qa_service.search.encoder_build import build_tokenizer, kept_ids, plain_bert, through  # noqa: E402
from qa_service.search.encoder_files import ADAPTER, PROMPTS  # noqa: E402
from qa_service.search.q4 import find_weight_file, read_q4  # noqa: E402
from qa_service.text.noise import Noise  # noqa: E402
from qa_service.text.normalise import normalise  # noqa: E402

SHEET = ".entries.yaml"
BATCH, GROUP = 64, 10  # questions a batch, and at most so many of one sibling group
SCALE, BACKWARD = 40.0, 0.5  # of the cosines, and the weight of the loss from entry to question
RATE, WARM_UP, LONGEST = 5e-5, 30, 1.0
NOISE_SHARE = 0.3
LIMITS = {"query": 96, "passage": 176}  # tokens
TOKEN_DIM = 256

# A text as the encoder gets it: kind and normalised text.
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Entry:
    """A standard question, its answer, and other ways of asking; all normalised."""

    question: str
    answer: str
    asked: tuple[str, ...]

    @property
    def whole(self) -> str:
        return f"{self.question} {self.answer}"


def bundled_groups(folder: Path) -> list[list[Entry]]:
    """The entries of each bundled interpretation with their phrasings."""
    groups: list[list[Entry]] = []
    for sheet in sorted(folder.glob("*" + SHEET)):
        name = sheet.name.removesuffix(SHEET)
        path = next(p for p in folder.glob(name + ".*") if p != sheet)
        pairs = extract_pairs(read_document(path.name, path.read_bytes()))
        matched, _ = match_annotations(pairs, read_annotations(sheet.name, sheet.read_bytes()))
        groups.append([
            Entry(normalise(note.question or pair.question), normalise(pair.answer), tuple(map(normalise, note.phrasings)))
            for pair, note in matched if note is not None
        ])  # fmt: skip
    return groups


def training_groups(folder: Path) -> list[list[Entry]]:
    """The groups of corpus/training: fictional programmes written for training only."""
    groups: dict[str, list[Entry]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for line in filter(str.strip, path.read_text("utf-8").split("\n")):
            record = json.loads(line)
            asked = tuple(normalise(record[kind]) for kind in ("oral", "situation", "terse", "oral2"))
            entry = Entry(normalise(record["question"]), normalise(record["answer"]), asked)
            groups.setdefault(f"{path.name}/{record['group']}", []).append(entry)
    return list(groups.values())


def batches(kinds: Sequence[Sequence[list[Entry]]], rng: random.Random) -> Iterator[list[tuple[str, Entry]]]:
    """Endless batches of (question asked, entry), sibling groups together, kinds of corpus in turn."""
    waiting: list[list[list[Entry]]] = [[] for _ in kinds]
    used: dict[int, list[str]] = {}
    turn = 0
    while True:
        batch: list[tuple[str, Entry]] = []
        while len(batch) < BATCH:
            number = turn % len(kinds)
            turn += 1
            if not waiting[number]:
                waiting[number] = list(kinds[number])
                rng.shuffle(waiting[number])
            group = list(waiting[number].pop())
            rng.shuffle(group)
            for entry in group[: min(GROUP, BATCH - len(batch))]:
                left = used.get(id(entry)) or rng.sample(entry.asked, len(entry.asked))
                batch.append((left[0], entry))
                used[id(entry)] = left[1:]
        yield batch


class Network:
    """The package's network with its tokenizer, cut at `depth` layers from the top."""

    def __init__(self, depth: int) -> None:
        model = read_q4(find_weight_file())
        ids = kept_ids(model)
        self.tokenizer = build_tokenizer(model, ids)
        self.tokenizer.no_padding()
        self.bert = plain_bert(model, ids).float().eval()
        self.first = model.layers - depth
        for parameter in self.bert.parameters():
            parameter.requires_grad_(False)
        self.bottom, self.top = self.bert.encoder.layer[: self.first], self.bert.encoder.layer[self.first :]
        # The training end is a copy: the other end's states are still wanted.
        self.learning = copy.deepcopy(self.top).requires_grad_(True)

    def lower_states(self, keys: Sequence[Key]) -> dict[Key, Any]:
        """bfloat16 [tokens, dim] of each text below the cut, computed longest first."""
        encoded = self.tokenizer.encode_batch([PROMPTS[kind] + text for kind, text in keys])
        ids = {key: e.ids[: LIMITS[key[0]]] for key, e in zip(keys, encoded, strict=True)}
        order = sorted(ids, key=lambda key: -len(ids[key]))
        states: dict[Key, Any] = {}
        while order:
            size = max(1, min(64, 4096 // len(ids[order[0]])))
            part, order = order[:size], order[size:]
            inputs, mask = padded([torch.tensor(ids[key]).unsqueeze(1) for key in part])
            with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
                embedded = self.bert.embeddings(inputs.squeeze(2).long())
                below = through(self.bottom, embedded, hidden_of(mask))
            for row, key in enumerate(part):
                states[key] = below[row, : len(ids[key])].to(torch.bfloat16).clone()
        return states

    def vectors(self, states: Sequence[Any]) -> Any:
        """Unit vectors [n, dim] of texts from their lower states."""
        inputs, mask = padded(states)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            above = through(self.learning, inputs.float(), hidden_of(mask))
        weight = mask.unsqueeze(-1).float()
        return nn.functional.normalize((above.float() * weight).sum(1) / weight.sum(1), dim=1)

    def token_axes(self, states: Sequence[Any]) -> tuple[Any, Any]:
        """The mean token [dim] of the package's own end, and the principal axes [dim, TOKEN_DIM] around it."""
        tokens = []
        for start in range(0, len(states), 64):
            inputs, mask = padded(states[start : start + 64])
            with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
                above = through(self.top, inputs.float(), hidden_of(mask))
            tokens.append(above.float()[mask.bool()])
        cloud = torch.cat(tokens)
        mean = cloud.mean(0)
        unit = nn.functional.normalize(cloud - mean, dim=1)
        return mean, torch.linalg.eigh(unit.T @ unit)[1][:, -TOKEN_DIM:]


def padded(rows: Sequence[Any]) -> tuple[Any, Any]:
    """Rows [n_i, dim] as one tensor [rows, longest, dim], and the mask [rows, longest]."""
    batch = nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    return batch, (torch.arange(batch.shape[1]) < lengths.unsqueeze(1)).long()


def hidden_of(mask: Any) -> Any:
    return (1.0 - mask[:, None, None, :].float()) * -1e9


def main() -> int:
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("--out", type=Path, default=ADAPTER)
    cli.add_argument("--depth", type=int, default=3)
    cli.add_argument("--steps", type=int, default=400)
    cli.add_argument("--seed", type=int, default=0)
    args = cli.parse_args()
    torch.manual_seed(args.seed)
    rng = random.Random(args.seed)
    corpus = ROOT / "corpus"
    kinds = [
        g for g in (bundled_groups(corpus / "interpretations"), training_groups(corpus / "training")) if g
    ]
    entries = [entry for groups in kinds for group in groups for entry in group]
    print(f"{len(entries)} entries, {sum(len(e.asked) for e in entries)} questions", flush=True)

    network = Network(args.depth)
    noise = Noise("".join(e.question + e.answer for e in entries))
    noisy = {text: noise.applied(text, rng) for e in entries for text in e.asked}
    asked = [*noisy, *noisy.values(), *(e.question for e in entries)]
    keys = [("query", text) for text in dict.fromkeys(asked)] + [("passage", e.whole) for e in entries]
    begin = time.monotonic()
    states = network.lower_states(keys)
    print(f"{len(keys)} texts below layer {network.first} in {time.monotonic() - begin:.0f} s", flush=True)

    parameters = list(network.learning.parameters())
    optimiser = torch.optim.AdamW(parameters, lr=RATE, weight_decay=0.01)
    stream, told = batches(kinds, rng), []
    for step in range(args.steps):
        share = min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * step / args.steps))
        for group in optimiser.param_groups:
            group["lr"] = RATE * share
        batch = next(stream)
        questions = [noisy[text] if rng.random() < NOISE_SHARE else text for text, _ in batch]
        query = network.vectors([states["query", text] for text in questions])
        entry = network.vectors([states["query", e.question] for _, e in batch])
        whole = network.vectors([states["passage", e.whole] for _, e in batch])
        cosines, target = query @ (entry + whole).T / 2, torch.arange(len(batch))
        cross_entropy = nn.functional.cross_entropy
        loss = cross_entropy(SCALE * cosines, target) + BACKWARD * cross_entropy(SCALE * cosines.T, target)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, LONGEST)
        optimiser.step()
        optimiser.zero_grad()
        told.append((loss.item(), (cosines.argmax(1) == target).float().mean().item()))
        if (step + 1) % 25 == 0:
            mean = np.mean(told[-25:], axis=0)
            seconds = time.monotonic() - begin
            print(
                f"step {step + 1}/{args.steps}: loss {mean[0]:.3f}, first {mean[1]:.3f}, {seconds:.0f} s",
                flush=True,
            )
    sample = rng.sample(keys, min(3000, len(keys)))
    offset, axes = network.token_axes([states[key] for key in sample])
    learned = {
        f"layer.{network.first + int(n.split('.')[0])}.{n.split('.', 1)[1]}": p.detach().numpy()
        for n, p in network.learning.named_parameters()
    }
    save_adapter(args.out, {**learned, OFFSET: offset.numpy(), PROJECT: axes.numpy()})
    print(f"written: {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
