#!/usr/bin/env python3
"""Install what is missing, build what is missing, serve.

    python3 scripts/run.py [--host 127.0.0.1] [--port 8000] [--data-dir var] [--prepare]

Standard library only; safe to repeat and to interrupt. A second start installs and builds nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from environment import BIN, ROOT, ensure_environment, run, say


def encoder_is_current(folder: Path) -> bool:
    """Whether the model is built, and with the adapter that this version brings."""
    mark = folder / "st" / "adapter.sha256"
    if not (folder / "onnx" / "encoder.json").exists() or not mark.exists():
        return False
    adapter = ROOT / "corpus" / "encoder" / "adapter.safetensors"
    return mark.read_text("utf-8") == hashlib.sha256(adapter.read_bytes()).hexdigest()


def main() -> int:
    cli = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cli.add_argument("--host", default="127.0.0.1")
    cli.add_argument("--port", type=int, default=8000)
    cli.add_argument("--data-dir", type=Path, default=Path(os.environ.get("QA_DATA_DIR", ROOT / "var")))
    cli.add_argument("--prepare", action="store_true", help="只准备，不启动服务")
    args = cli.parse_args()
    data_dir = args.data_dir.resolve()
    python = ensure_environment("prepare")
    encoder = data_dir / "indexes" / "encoder"
    if not os.environ.get("QA_ENCODER") and not encoder_is_current(encoder):
        say("［准备］构建离线句向量模型（约一分钟，不需要网络）…")
        run(python, ROOT / "scripts" / "build_encoder.py", data_dir / "indexes")
    service = BIN / ("qa-service.exe" if os.name == "nt" else "qa-service")
    if args.prepare:
        run(service, "prepare", "--data-dir", data_dir)
        return 0
    command = [
        str(service),
        "serve",
        "--prepare",
        "--data-dir",
        str(data_dir),
        "--host",
        args.host,
        "--port",
        str(args.port),
    ]
    if os.name != "nt":
        os.chdir(ROOT)
        os.execv(command[0], command)
    return subprocess.call(command, cwd=ROOT)


if __name__ == "__main__":
    sys.exit(main())
