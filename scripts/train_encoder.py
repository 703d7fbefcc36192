#!/usr/bin/env python3
"""Train the bundled encoder's adapter on hand-written questions (corpus/, never an evaluation set).

train_encoder.py OUT.safetensors [--minutes 60] [--steps 900] [--seed 0]

The weights of the package stay as they are; what is learned is a low-rank addition to each linear layer (Hu et al.
2021, arXiv:2106.09685) and the late-interaction head (Khattab and Zaharia 2020, arXiv:2004.12832): a projection of
token states and a weight for each token of a question. `scripts/build_encoder.py` merges the result.

A batch holds whole sibling groups (entries of one interpretation or of one programme), so that the wrong answers
beside the right one differ from it in one aspect.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
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
from qa_service.search.adapter import RANK, save_adapter  # noqa: E402
from qa_service.search.encoder_build import build_tokenizer, kept_ids, plain_bert  # noqa: E402
from qa_service.search.encoder_files import PROMPTS  # noqa: E402
from qa_service.search.q4 import find_weight_file, read_q4  # noqa: E402
from qa_service.text.normalise import normalise  # noqa: E402
from qa_service.text.noise import Noise  # noqa: E402

SHEET = ".entries.yaml"
BATCH = 32
POOLED_SCALE, TOKEN_SCALE = 40.0, 30.0
NOISE_SHARE = 0.3
TOKEN_DIM = 128


@dataclass(frozen=True, slots=True)
class Entry:
    """A standard question, its answer, and other ways of asking; all normalised."""

    question: str
    answer: str
    asked: tuple[str, ...]


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
            for entry in group[: min(10, BATCH - len(batch))]:
                left = used.get(id(entry)) or rng.sample(entry.asked, len(entry.asked))
                batch.append((left[0], entry))
                used[id(entry)] = left[1:]
        yield batch


class LowRank(nn.Module):
    """A frozen linear layer plus a learned product of two thin matrices."""

    def __init__(self, base: nn.Linear, rank: int) -> None:
        super().__init__()
        self.base = base
        self.down = nn.Parameter(torch.randn(rank, base.in_features) / math.sqrt(base.in_features))
        self.up = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x: Any) -> Any:
        return self.base(x) + (x @ self.down.T) @ self.up.T


class Learner(nn.Module):
    def __init__(self, bert: Any, basis: Any) -> None:
        super().__init__()
        self.bert = bert
        for parameter in bert.parameters():
            parameter.requires_grad_(False)
        for name, module in list(bert.named_modules()):
            if isinstance(module, nn.Linear) and name.startswith("encoder."):
                parent = bert.get_submodule(name.rsplit(".", 1)[0])
                setattr(parent, name.rsplit(".", 1)[1], LowRank(module, RANK))
        self.project = nn.Parameter(basis.clone())
        self.weigh = nn.Parameter(torch.zeros(basis.shape[0] + 1))
        self.register_buffer("question_mean", torch.zeros(basis.shape[1]))
        self.register_buffer("passage_mean", torch.zeros(basis.shape[1]))

    def encode(self, ids: Any, mask: Any) -> tuple[Any, Any]:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            states = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        states = states.float()
        weight = mask.unsqueeze(-1).float()
        pooled = (states * weight).sum(1) / weight.sum(1)
        return nn.functional.normalize(pooled, dim=1), states


def main() -> int:
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("out", type=Path)
    cli.add_argument("--steps", type=int, default=900)
    cli.add_argument("--rate", type=float, default=2e-4)
    cli.add_argument("--seed", type=int, default=0)
    cli.add_argument("--threads", type=int, default=2)
    cli.add_argument("--save-every", type=int, default=0)
    args = cli.parse_args()
    torch.manual_seed(args.seed)
    torch.set_num_threads(args.threads)
    rng = random.Random(args.seed)

    model = read_q4(find_weight_file())
    ids = kept_ids(model)
    tokenizer = build_tokenizer(model, ids)
    tokenizer.no_padding()
    bert = plain_bert(model, ids).float().train(False)
    kinds = [
        groups
        for groups in (
            bundled_groups(ROOT / "corpus" / "interpretations"),
            training_groups(ROOT / "corpus" / "training"),
        )
        if groups
    ]
    entries = [entry for groups in kinds for group in groups for entry in group]
    print(
        f"{sum(len(g) for g in kinds)} groups, {len(entries)} entries, {sum(len(e.asked) for e in entries)} questions",
        flush=True,
    )

    def tokens(texts: Sequence[str], prompt: str, limit: int) -> tuple[Any, Any, Any]:
        """ids, mask, and which positions are text (not prompt or special)."""
        skip = len(tokenizer.encode(prompt).ids) - 1
        rows = [e.ids[:limit] for e in tokenizer.encode_batch([prompt + t for t in texts])]
        width = max(map(len, rows))
        out, mask, own = (
            torch.ones((len(rows), width), dtype=torch.long),
            torch.zeros((len(rows), width), dtype=torch.long),
            torch.zeros((len(rows), width), dtype=torch.bool),
        )
        for n, row in enumerate(rows):
            out[n, : len(row)] = torch.tensor(row)
            mask[n, : len(row)] = 1
            own[n, skip : len(row) - 1] = True
        return out, mask, own

    frequency = np.zeros(len(ids))
    for entry in entries:
        frequency[list(set(tokenizer.encode(f"{entry.question} {entry.answer}").ids))] += 1
    rarity = torch.tensor(np.log((len(entries) + 1) / (frequency + 0.5)), dtype=torch.float32)

    # The projection starts as the principal axes of the token states.
    states = []
    with torch.inference_mode():
        for n in range(0, min(len(entries), 640), 32):
            part = entries[n : n + 32]
            i, m, own = tokens([f"{e.question} {e.answer}" for e in part], PROMPTS["passage"], 160)
            states.append(bert(input_ids=i, attention_mask=m).last_hidden_state[own])
    cloud = torch.cat(states)
    cloud = cloud - cloud.mean(0)
    basis = torch.linalg.eigh(cloud.T @ cloud)[1][:, -TOKEN_DIM:].contiguous()
    learner = Learner(bert, basis)
    head = [learner.project, learner.weigh]
    thin = [p for n, p in learner.named_parameters() if p.requires_grad and n not in ("project", "weigh")]
    optimiser = torch.optim.AdamW(
        [
            {"params": thin, "lr": args.rate, "peak": args.rate},
            {"params": [learner.project], "lr": 3e-4, "peak": 3e-4},
            {"params": [learner.weigh], "lr": 3e-3, "peak": 3e-3},
        ],
        weight_decay=0.0,
    )
    print(f"{sum(p.numel() for p in thin + head):,} trained parameters", flush=True)
    noise = Noise("".join(e.question + e.answer for e in entries))
    stream = batches(kinds, rng)
    begin, told = time.monotonic(), []
    for step in range(args.steps):
        share = min(1.0, (step + 1) / 50) * (0.5 * (1 + math.cos(math.pi * step / args.steps)))
        for group in optimiser.param_groups:
            group["lr"] = group["peak"] * share
        batch = next(stream)
        asked = [noise.applied(text, rng) if rng.random() < NOISE_SHARE else text for text, _ in batch]
        qi, qm, qo = tokens(asked, PROMPTS["query"], 96)
        si, sm, so = tokens([e.question for _, e in batch], PROMPTS["query"], 64)
        pi, pm, po = tokens([f"{e.question} {e.answer}" for _, e in batch], PROMPTS["passage"], 160)
        qv, qs = learner.encode(qi, qm)
        sv, ss = learner.encode(si, sm)
        pv, ps = learner.encode(pi, pm)
        pooled = qv @ (sv + pv).T / 2
        q, s, p = qs[qo] @ learner.project, ss[so] @ learner.project, ps[po] @ learner.project
        with torch.no_grad():
            keep = 0.0 if step == 0 else 0.95
            learner.question_mean.mul_(keep).add_(s.mean(0) * (1 - keep))
            learner.passage_mean.mul_(keep).add_(p.mean(0) * (1 - keep))
        unit = nn.functional.normalize
        near_s = unit(q - learner.question_mean, dim=1) @ unit(s - learner.question_mean, dim=1).T
        near_p = unit(q - learner.passage_mean, dim=1) @ unit(p - learner.passage_mean, dim=1).T
        best = torch.stack(
            [
                torch.maximum(a.max(1).values, b.max(1).values)
                for a, b in zip(near_s.split(so.sum(1).tolist(), 1), near_p.split(po.sum(1).tolist(), 1))
            ],
            1,
        )
        weight = (
            rarity[qi[qo]].clamp(min=0) * torch.sigmoid(qs[qo] @ learner.weigh[:-1] + learner.weigh[-1])
            + 1e-4
        )
        owner = torch.arange(len(batch)).unsqueeze(1).expand_as(qo)[qo]
        total = torch.zeros(len(batch)).index_add(0, owner, weight)
        late = torch.zeros(len(batch), len(batch)).index_add(
            0, owner, best * weight.unsqueeze(1)
        ) / total.unsqueeze(1)
        target = torch.arange(len(batch))
        loss = (
            nn.functional.cross_entropy(POOLED_SCALE * pooled, target)
            + nn.functional.cross_entropy(TOKEN_SCALE * late, target)
            + nn.functional.cross_entropy(POOLED_SCALE * pooled + TOKEN_SCALE * late, target)
        )
        loss.backward()
        nn.utils.clip_grad_norm_(thin + head, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        told.append(
            (
                float(loss),
                float((pooled.argmax(1) == target).float().mean()),
                float((late.argmax(1) == target).float().mean()),
            )
        )
        if (step + 1) % 25 == 0:
            mean = np.mean(told[-25:], axis=0)
            print(
                f"step {step + 1}/{args.steps} loss {mean[0]:.3f} pooled {mean[1]:.3f} late {mean[2]:.3f} {time.monotonic() - begin:.0f} s",
                flush=True,
            )
        if args.save_every and (step + 1) % args.save_every == 0:
            save_adapter(args.out.with_suffix(f".{step + 1}.safetensors"), adapter_of(learner))
    save_adapter(args.out, adapter_of(learner))
    return 0


def adapter_of(learner: Learner) -> Mapping[str, Any]:
    parts = {"head.project": learner.project.detach().numpy(), "head.weigh": learner.weigh.detach().numpy()}
    for name, module in learner.bert.named_modules():
        if isinstance(module, LowRank):
            parts[f"{name}.down"], parts[f"{name}.up"] = (
                module.down.detach().numpy(),
                module.up.detach().numpy(),
            )
    return parts


if __name__ == "__main__":
    sys.exit(main())
