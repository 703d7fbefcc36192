"""The project's virtual environment: made once, checked in a moment afterwards. Standard library only."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
TORCH = "torch==2.13.0"
MARK = VENV / "qa-service-installed.json"


def say(text: str) -> None:
    print(text, flush=True)


def fail(message: str, remedy: str) -> None:
    print(f"\n{message}\n{remedy}", file=sys.stderr, flush=True)
    raise SystemExit(1)


def run(*command: str | Path, **kwargs: object) -> None:
    """Run a step; its output is the progress. Stops the script, saying which step, when it fails."""
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=ROOT, check=False, **kwargs)  # type: ignore[call-overload]
    if done.returncode != 0:
        fail(
            f"这一步没有成功（退出码 {done.returncode}）：{' '.join(words)}",
            "改正上面的问题后重新运行，已完成的步骤不会重做。",
        )


def wanted(extras: str) -> str:
    digest = hashlib.sha256(f"{extras} {TORCH} {sys.version_info[:2]}".encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def installed() -> dict[str, str]:
    try:
        found = json.loads(MARK.read_text(encoding="utf-8"))
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError):
        return {}


def ensure_environment(extras: str) -> Path:
    """Python of a .venv that holds the pinned dependencies with `extras` (comma-separated)."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this script is what an older Python runs first
        fail(
            f"需要 Python 3.11 或更高版本，现在是 {sys.version.split()[0]}。", "请用 python3.11 运行本脚本。"
        )
    marks = installed()
    if PYTHON.exists() and marks.get(extras) == wanted(extras):
        return PYTHON
    if not PYTHON.exists():
        say("［准备］建立 .venv 虚拟环境 …")
        try:
            venv.create(VENV, with_pip=True)
        except (OSError, subprocess.CalledProcessError) as error:
            fail(
                f"虚拟环境没有建成：{error}",
                "Debian/Ubuntu 请先安装 python3-venv（apt install python3-venv）。",
            )
    # Progress bars on a terminal; in a log only what matters.
    quiet = () if sys.stdout.isatty() else ("-q",)
    pip = (PYTHON, "-m", "pip", "install", "--disable-pip-version-check", *quiet)
    say(f"［准备］安装 {TORCH}（首次约需几分钟）…")
    run(*pip, TORCH)
    say("［准备］安装其余依赖 …")
    run(*pip, "-c", "constraints.txt", "-e", f".[{extras}]")
    MARK.write_text(json.dumps({**marks, extras: wanted(extras)}), encoding="utf-8")
    return PYTHON
