#!/usr/bin/env python3
"""Train what we add to the package's encoder (qa_service/search/adapter.py) on hand-written questions.

train_encoder.py [--out corpus/encoder/adapter.safetensors] [--ends pooling matching] [--seed 0]
                 [--pooling-depth 6] [--pooling-steps 400] [--matching-depth 4] [--matching-steps 500]

The data are the bundled interpretations with their phrasings and corpus/training, never an evaluation set. The lower
layers stay as they are, so their states are computed once; only copies of the top layers learn, one copy for each end. In
both a question must come nearer to its own entry than to the others in the batch (InfoNCE, van den Oord et al. 2018,
arXiv:1807.03748); pooling by cosines of mean states, matching by the best match of each token, weighed and joined as in
qa_service/search/late.py. A batch holds whole sibling groups, entries of one interpretation or of one programme, so that
most wrong answers differ from the right one in one aspect only.

Of the groups of corpus/training a share is held out; how many of their questions find their own entry among all of
corpus/training is printed before, during and after. An end that is not trained stays as it is in the file. Afterwards run
scripts/fit_judge.py: the judge beside the file is of the encoder before.
Takes about an hour on two cores, 25 minutes of it for the token side.
"""

from __future__ import annotations

import argparse
import copy
import math
import random
import sys
import time
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch import nn  # noqa: E402
from training_corpus import HELD_OUT, SEED, Asked, Entry, batches, bundled_groups, held_out, training_groups  # noqa: E402

from qa_service.search.adapter import (  # noqa: E402
    MATCHING,
    OFFSET,
    POOLING,
    PROJECT,
    load_adapter,
    save_adapter,
)  # fmt: skip
from qa_service.search.encoder_build import build_tokenizer, kept_ids, plain_bert, through  # noqa: E402
from qa_service.search.encoder_files import ADAPTER, PROMPTS  # noqa: E402
from qa_service.search.q4 import find_weight_file, read_q4  # noqa: E402
from qa_service.text.function_words import FUNCTION_WORDS  # noqa: E402
from qa_service.text.noise import Noise  # noqa: E402

BATCH = {POOLING: 64, MATCHING: 48}  # questions
SCALE = {POOLING: 40.0, MATCHING: 30.0}  # of the scores
RATE = {POOLING: 5e-5, MATCHING: 3e-5}
BACKWARD = 0.5  # the weight of the loss from entry to question
WARM_UP, LONGEST = 30, 1.0
NOISE_SHARE = 0.3
CHECKED = 300
LIMITS = {"query": 96, "passage": 176}  # tokens
TOKEN_DIM = 256
# As in qa_service/search/late.py: a piece that no entry has counts less, one of little weight does not
# make an entry suspect, and the worst match counts beside the mean.
UNKNOWN, COUNTED, WEAKEST = 0.4, 0.1, 0.2

# A text as the encoder gets it: kind and normalised text.
Key = tuple[str, str]


def keys_of(entry: Entry) -> tuple[Key, Key]:
    return ("query", entry.question), ("passage", entry.whole)


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
        self.learning = copy.deepcopy(self.top).requires_grad_(True)

    def learned(self, side: str) -> dict[str, Any]:
        """The trained layers by the adapter's names."""
        named = self.learning.named_parameters()
        numbered = ((*name.split(".", 1), value) for name, value in named)
        return {f"{side}{self.first + int(n)}.{name}": value.detach().numpy() for n, name, value in numbered}


class Texts:
    """Texts below the cut: bfloat16 states [tokens, dim], word pieces [tokens], and which of these are compared."""

    def __init__(self, network: Network, keys: Sequence[Key]) -> None:
        tokenizer = network.tokenizer
        encoded = tokenizer.encode_batch([PROMPTS[kind] + text for kind, text in keys])
        ids = {key: e.ids[: LIMITS[key[0]]] for key, e in zip(keys, encoded, strict=True)}
        self.pieces = {key: torch.tensor(of_one) for key, of_one in ids.items()}
        self.states = _below(network, self.pieces)
        self.size = tokenizer.get_vocab_size()
        filler = torch.tensor([_is_filler(tokenizer.id_to_token(piece)) for piece in range(self.size)])
        begin = {kind: len(tokenizer.encode(prompt).ids) - 1 for kind, prompt in PROMPTS.items()}
        self.compared = {key: _compared(pieces, begin[key[0]], filler) for key, pieces in self.pieces.items()}

    def above(self, layers: Any, keys: Sequence[Key]) -> tuple[Any, Any]:
        """States [n, tokens, dim] after `layers`, and the mask [n, tokens] of what is text."""
        inputs, mask = padded([self.states[key] for key in keys])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return through(layers, inputs.float(), hidden_of(mask)).float(), mask

    def tokens(self, layers: Any, keys: Sequence[Key], mean: Any) -> tuple[Any, Any]:
        """States less the mean token, of length 1, and the mask of those that are compared."""
        states, _ = self.above(layers, keys)
        compared = nn.utils.rnn.pad_sequence([self.compared[key] for key in keys], batch_first=True)
        return nn.functional.normalize(states - mean, dim=-1), compared

    def cloud(self, layers: Any, keys: Sequence[Key]) -> Any:
        """All compared states [tokens, dim] of these texts."""
        found = []
        with torch.inference_mode():
            for start in range(0, len(keys), 64):
                part = keys[start : start + 64]
                states, _ = self.above(layers, part)
                found += [
                    states[row, : len(self.compared[key])][self.compared[key]] for row, key in enumerate(part)
                ]
        return torch.cat(found)

    def rarity(self, entries: Sequence[Entry]) -> Any:
        """What each piece weighs among these entries."""
        frequency = torch.zeros(self.size)
        for entry in entries:
            frequency[torch.unique(torch.cat([self.pieces[key] for key in keys_of(entry)]))] += 1
        weights = torch.log((len(entries) + 1) / (frequency + 0.5)).clamp(min=1e-3)
        return weights.where(frequency > 0, torch.tensor(UNKNOWN * math.log((len(entries) + 1) / 0.5)))


def _below(network: Network, pieces: dict[Key, Any]) -> dict[Key, Any]:
    """Longest first, so that little is padded."""
    order = sorted(pieces, key=lambda key: -len(pieces[key]))
    states: dict[Key, Any] = {}
    while order:
        size = max(1, min(64, 4096 // len(pieces[order[0]])))
        part, order = order[:size], order[size:]
        inputs, mask = padded([pieces[key].unsqueeze(1) for key in part])
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
            embedded = network.bert.embeddings(inputs.squeeze(2).long())
            below = through(network.bottom, embedded, hidden_of(mask))
        for row, key in enumerate(part):
            states[key] = below[row, : len(pieces[key])].to(torch.bfloat16).clone()
    return states


def _is_filler(piece: str) -> bool:
    text = piece.replace("▁", "").strip()
    return text in FUNCTION_WORDS or not any(unicodedata.category(c)[0] in "LN" for c in text)


def _compared(pieces: Any, begin: int, filler: Any) -> Any:
    """Without prompt, end mark and fillers; with fillers where there is nothing else."""
    inside = torch.zeros(len(pieces), dtype=torch.bool)
    inside[begin:-1] = True
    kept = inside & ~filler[pieces]
    return kept if kept.any() else inside


def padded(rows: Sequence[Any]) -> tuple[Any, Any]:
    """Rows [n_i, dim] as one tensor [rows, longest, dim], and the mask [rows, longest]."""
    batch = nn.utils.rnn.pad_sequence(list(rows), batch_first=True)
    lengths = torch.tensor([len(row) for row in rows])
    return batch, (torch.arange(batch.shape[1]) < lengths.unsqueeze(1)).long()


def hidden_of(mask: Any) -> Any:
    return (1.0 - mask[:, None, None, :].float()) * -1e9


class Pooling:
    """Cosines of mean states: standard question as a question, question and answer as a passage."""

    side = POOLING

    def __init__(self, network: Network, texts: Texts, entries: Sequence[Entry]) -> None:
        self.network, self.texts = network, texts

    def vectors(self, keys: Sequence[Key]) -> Any:
        states, mask = self.texts.above(self.network.learning, keys)
        weight = mask.unsqueeze(-1).float()
        return nn.functional.normalize((states * weight).sum(1) / weight.sum(1), dim=1)

    def entries(self, entries: Sequence[Entry]) -> Any:
        """Everything that questions are compared with, of these entries."""
        asked, whole = zip(*map(keys_of, entries), strict=True)
        return self.vectors(asked) + self.vectors(whole)

    def scores(self, questions: Sequence[Key], held: Any) -> Any:
        return self.vectors(questions) @ held.T / 2

    @staticmethod
    def joined(parts: Sequence[Any]) -> Any:
        return torch.cat(list(parts))


class Matching:
    """Each token of a question against its best match in the entry, as late.py does it."""

    side = MATCHING

    def __init__(self, network: Network, texts: Texts, entries: Sequence[Entry]) -> None:
        self.network, self.texts = network, texts
        self.weights = texts.rarity(entries)
        # What all tokens share, of the untrained network: it changes little and would else chase itself.
        sample = [key for entry in entries[:: max(1, len(entries) // 500)] for key in keys_of(entry)]
        self.mean = texts.cloud(network.top, sample).mean(0)

    def entries(self, entries: Sequence[Entry]) -> Any:
        asked, whole = zip(*map(keys_of, entries), strict=True)
        return [self.texts.tokens(self.network.learning, keys, self.mean) for keys in (asked, whole)]

    def scores(self, questions: Sequence[Key], held: Any) -> Any:
        states, compared = self.texts.tokens(self.network.learning, questions, self.mean)
        weights = nn.utils.rnn.pad_sequence(
            [self.weights[self.texts.pieces[key]] for key in questions], batch_first=True
        )
        weights = weights * compared / (weights * compared).sum(1, keepdim=True)
        best = torch.stack([
            torch.einsum("qid,ejd->qeij", states, tokens).masked_fill(~mask[None, :, None, :], -1).amax(3)
            for tokens, mask in held
        ]).amax(0)  # fmt: skip
        counted = weights > COUNTED * weights.amax(1, keepdim=True)
        weakest = best.masked_fill(~counted[:, None, :], 2).amin(2)
        return (best * weights[:, None, :]).sum(2) + WEAKEST * weakest

    @staticmethod
    def joined(parts: Sequence[Any]) -> Any:
        def wide(fields: Sequence[tuple[Any, Any]]) -> tuple[Any, Any]:
            longest = max(states.shape[1] for states, _ in fields)
            pads = [longest - states.shape[1] for states, _ in fields]
            return (
                torch.cat(
                    [nn.functional.pad(s, (0, 0, 0, pad)) for (s, _), pad in zip(fields, pads, strict=True)]
                ),
                torch.cat([nn.functional.pad(m, (0, pad)) for (_, m), pad in zip(fields, pads, strict=True)]),
            )

        return [wide(fields) for fields in zip(*parts, strict=True)]


End = Pooling | Matching


def found_first(end: End, unseen: Sequence[Entry], among: Sequence[Entry]) -> float:
    """The share of the held-out entries' questions (CHECKED of them) that find their own entry first among all of these."""
    place = {id(entry): number for number, entry in enumerate(among)}
    questions = [(("query", text), place[id(entry)]) for entry in unseen for text in entry.asked]
    questions = random.Random(0).sample(questions, min(CHECKED, len(questions)))
    with torch.inference_mode():
        held = end.joined([end.entries(among[n : n + 64]) for n in range(0, len(among), 64)])
        right = 0
        for start in range(0, len(questions), 4):
            part = questions[start : start + 4]
            first = end.scores([key for key, _ in part], held).argmax(1).tolist()
            right += sum(number == own for number, (_, own) in zip(first, part, strict=True))
    return right / len(questions)


def train(
    end: End,
    stream: Any,
    steps: int,
    noisy: Callable[[str], str],
    rng: random.Random,
    check: Callable[[], str],
) -> None:
    parameters = list(end.network.learning.parameters())
    rate, scale = RATE[end.side], SCALE[end.side]
    optimiser = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.01)
    told: list[tuple[float, float]] = []
    begin = time.monotonic()
    print(f"{type(end).__name__}: untrained {check()}", flush=True)
    for step in range(steps):
        share = min(1.0, (step + 1) / WARM_UP) * 0.5 * (1 + math.cos(math.pi * step / steps))
        for group in optimiser.param_groups:
            group["lr"] = rate * share
        batch: list[Asked] = next(stream)
        asked = [("query", noisy(text) if rng.random() < NOISE_SHARE else text) for text, _ in batch]
        scores, target = (
            end.scores(asked, end.entries([entry for _, entry in batch])),
            torch.arange(len(batch)),
        )
        cross_entropy = nn.functional.cross_entropy
        loss = cross_entropy(scale * scores, target) + BACKWARD * cross_entropy(scale * scores.T, target)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, LONGEST)
        optimiser.step()
        optimiser.zero_grad()
        told.append((loss.item(), (scores.argmax(1) == target).float().mean().item()))
        if (step + 1) % 50 == 0 or step + 1 == steps:
            mean = np.mean(told[-50:], axis=0)
            seconds = time.monotonic() - begin
            checked = f", held out {check()}" if (step + 1) % 200 == 0 or step + 1 == steps else ""
            print(
                f"step {step + 1}/{steps}: loss {mean[0]:.3f}, first {mean[1]:.3f}{checked}, {seconds:.0f} s",
                flush=True,
            )


def main() -> int:
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("--out", type=Path, default=ADAPTER)
    cli.add_argument("--ends", nargs="*", choices=["pooling", "matching"], default=["pooling", "matching"])
    cli.add_argument("--pooling-depth", type=int, default=6)
    cli.add_argument("--pooling-steps", type=int, default=400)
    cli.add_argument("--matching-depth", type=int, default=4)
    cli.add_argument("--matching-steps", type=int, default=500)
    cli.add_argument("--seed", type=int, default=0)
    args = cli.parse_args()
    corpus = ROOT / "corpus"
    written = training_groups(corpus / "training")
    unseen_groups, rest = held_out(written, HELD_OUT, SEED)
    kinds = [bundled_groups(corpus / "interpretations"), rest]
    entries = [entry for groups in kinds for group in groups for entry in group]
    unseen = [entry for group in unseen_groups for entry in group]
    among = [entry for group in written for entry in group]
    print(f"{len(entries)} entries, {sum(len(e.asked) for e in entries)} questions", flush=True)
    noise, noise_rng = Noise("".join(e.question + e.answer for e in entries)), random.Random(args.seed)
    slips = {text: noise.applied(text, noise_rng) for e in entries for text in e.asked}
    asked = [*slips, *slips.values(), *(text for e in unseen for text in e.asked)]
    keys = list(dict.fromkeys(
        [("query", text) for text in asked] + [key for e in [*entries, *unseen] for key in keys_of(e)]
    ))  # fmt: skip

    parts = load_adapter(args.out) if args.out.exists() else {}
    sides = (POOLING, MATCHING, OFFSET, PROJECT)
    parts = {name: value for name, value in parts.items() if name.startswith(sides)}
    for name, kind in (("pooling", Pooling), ("matching", Matching)):
        if name not in args.ends:
            continue
        torch.manual_seed(args.seed)
        rng = random.Random(args.seed)
        network = Network(getattr(args, f"{name}_depth"))
        begin = time.monotonic()
        texts = Texts(network, keys)
        print(
            f"{len(keys)} texts below layer {network.first} in {time.monotonic() - begin:.0f} s", flush=True
        )
        end = kind(network, texts, entries)
        check = lambda end=end: f"{found_first(end, unseen, among):.3f}"  # noqa: E731
        train(
            end,
            batches(kinds, BATCH[end.side], rng),
            getattr(args, f"{name}_steps"),
            slips.__getitem__,
            rng,
            check,
        )
        parts = {key: value for key, value in parts.items() if not key.startswith(end.side)}
        parts |= network.learned(end.side)
        if isinstance(end, Matching):
            sample = rng.sample(keys, min(3000, len(keys)))
            parts[OFFSET], parts[PROJECT] = axes_of(texts.cloud(network.learning, sample))
        save_adapter(args.out, parts)
        print(f"written: {args.out}", flush=True)
    return 0


def axes_of(cloud: Any) -> tuple[Any, Any]:
    """The mean token [dim] and the principal axes [dim, TOKEN_DIM] around it, of states [tokens, dim]."""
    mean = cloud.mean(0)
    unit = nn.functional.normalize(cloud - mean, dim=1)
    return mean.numpy(), torch.linalg.eigh(unit.T @ unit)[1][:, -TOKEN_DIM:].numpy()


if __name__ == "__main__":
    sys.exit(main())
