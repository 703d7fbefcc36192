#!/usr/bin/env python3
"""Measure search: its quality on an evaluation folder, its speed as ratios within one run.

bench.py --quality FOLDER      rankings compared, with 95 % bootstrap intervals, and the decisions
bench.py --bundled [--keep DIR]  the bundled library by corpus/evaluation; DIR: a prepared data directory (./var)
bench.py --homophones [--keep DIR]  the same questions with one word misheard, with and without reading by sound
bench.py --speed FOLDER        search, encoder, indexing, start and memory
bench.py --encoders FOLDER     ways of running the encoder: int8 on one and two threads, the float reference
bench.py --http FOLDER         the whole service as a process of its own: asking, cache, start, memory
bench.py --scale [--most N]    how search grows from 1,000 to 1,000,000 wordings; needs no folder
bench.py --recompute N         entering a holiday notice with N open deadlines; needs no folder
bench.py --ledger [--rounds N] boards and statistics over 20,000 open and 40,000 closed cases; needs no folder
bench.py --watch N             one look of the watcher over N open cases; needs no folder
bench.py --export N [--keep DIR]  the ledger of N cases as CSV and as Excel, with the memory; needs no folder

FOLDER holds NAME.library.jsonl (`id, question, answer`), queries*.jsonl (`query, library, relevant, style`) and
oos*.jsonl (`query, library`; nothing answers them).
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))


from qa_service.search.encoder import open_encoder  # noqa: E402
from qa_service.text.lexicon import Lexicon  # noqa: E402


def main() -> int:
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("--quality", type=Path, metavar="FOLDER")
    cli.add_argument("--bundled", action="store_true", help="the bundled library by corpus/evaluation")
    cli.add_argument(
        "--homophones", action="store_true", help="corpus/evaluation with one word misheard in each question"
    )
    cli.add_argument("--speed", type=Path, metavar="FOLDER")
    cli.add_argument("--encoders", type=Path, metavar="FOLDER")
    cli.add_argument("--http", type=Path, metavar="FOLDER", help="the whole service as a process of its own")
    cli.add_argument("--scale", action="store_true", help="how search grows with the library")
    cli.add_argument("--ledger", action="store_true", help="boards and statistics over a large ledger")
    cli.add_argument("--watch", type=int, metavar="N", help="one look of the watcher over N open cases")
    cli.add_argument("--export", type=int, metavar="N", help="the ledger of N cases as CSV and as Excel")
    cli.add_argument("--rounds", type=int, default=20, help="with --ledger: how often each page is asked")
    cli.add_argument("--most", type=int, default=1_000_000, help="with --scale: leave out sizes above")
    cli.add_argument("--recompute", type=int, metavar="N", help="a notice entered with N open deadlines")
    cli.add_argument(
        "--keep",
        type=Path,
        help="with --http, --ledger, --export, --bundled and --homophones: data directory to make and use again",
    )
    cli.add_argument("--encoder", type=Path, default=ROOT / "var" / "indexes" / "encoder")
    cli.add_argument("--threads", type=int, default=2)
    args = cli.parse_args()
    ways = (
        "quality", "bundled", "homophones", "speed", "encoders", "http", "scale", "recompute", "ledger", "watch", "export"
    )  # fmt: skip
    if not any(getattr(args, way) for way in ways):
        cli.error(f"give one of {', '.join('--' + way for way in ways)}")
    if args.recompute:
        from bench_recompute import bench_recompute

        bench_recompute(args.recompute)
    if args.watch or args.export:
        from bench_office import bench_export, bench_watch

        kept = not args.watch or bench_watch(args.watch)
        return 0 if (not args.export or bench_export(args.export, args.keep)) and kept else 1
    if args.ledger:
        from bench_ledger import bench_ledger

        return 0 if bench_ledger(args.rounds, args.keep) else 1
    from bench_quality import bundled, bundled_engine, evaluation_lines, quality
    from bench_speed import encoders, speed

    lexicon = Lexicon.load(ROOT / "corpus" / "lexicon")
    if args.quality:
        quality(args.quality, open_encoder(args.encoder, args.threads), lexicon)
    if args.bundled:
        bundled(bundled_engine(args.keep or ROOT / "var", args.encoder))
    if args.homophones:
        from bench_homophones import bench_homophones

        # Those with slips of their own would say nothing of the one made here.
        questions = [line for line in evaluation_lines("questions") if line["style"] != "noisy"]
        bench_homophones(
            bundled_engine(args.keep or ROOT / "var", args.encoder),
            [(line["query"], frozenset(line["relevant"])) for line in questions],
        )
    if args.speed:
        speed(args.speed, args.encoder, args.threads, lexicon)
    if args.encoders:
        encoders(args.encoders, args.encoder)
    if args.http:
        from bench_http import bench_http

        bench_http(args.http, args.encoder, args.keep)
    if args.scale:
        from bench_scale import bench_scale

        bench_scale(args.encoder, args.threads, args.most)
    return 0


if __name__ == "__main__":
    sys.exit(main())
