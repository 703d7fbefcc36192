#!/usr/bin/env python3
"""Install everything the tests need and run all of it: lint, format, types, tests.

    python3 scripts/test.py [pytest arguments …]

Standard library only. On a Debian machine where it may, it also installs what the browser and
PostgreSQL tests use (chromium, postgresql, a Chinese font). With CI=true nothing may be skipped for want
of them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from environment import BIN, ROOT, ensure_environment, run, say


def missing_debian_packages() -> list[str]:
    packages = []
    if not any(map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))):
        packages.append("chromium")
    if not shutil.which("initdb") and not list(Path("/usr/lib/postgresql").glob("*/bin/initdb")):
        packages.append("postgresql")
    fonts = (
        subprocess.run(["fc-list", ":lang=zh"], capture_output=True, text=True, check=False).stdout
        if shutil.which("fc-list")
        else ""
    )
    if not fonts.strip():
        packages += ["fontconfig", "fonts-noto-cjk"]
    return packages


def install_debian_packages() -> None:
    packages = missing_debian_packages()
    if not packages:
        return
    if not shutil.which("apt-get") or os.geteuid() != 0:
        say(
            f"［准备］没有找到 {'、'.join(packages)}，相应测试会注明原因后跳过。可由管理员安装：apt install {' '.join(packages)}"
        )
        return
    say(f"［准备］安装 {'、'.join(packages)} …")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=False, env=environment)
    run(
        "apt-get",
        "install",
        "-y",
        "-qq",
        "--no-install-recommends",
        *packages,
        env=environment,
        stdout=subprocess.DEVNULL,
    )


def main() -> int:
    python = ensure_environment("prepare,test")
    install_debian_packages()
    targets = ("qa_service", "scripts", "tests")
    say("［检查］代码规范 ruff …")
    run(BIN / "ruff", "check", *targets)
    run(BIN / "ruff", "format", "--check", "--quiet", *targets)
    command = [str(python), "-m", "pytest"]
    if sys.argv[1:]:
        return check_types() or subprocess.call([*command, *sys.argv[1:]], cwd=ROOT)
    return run_both_halves(command)


def check_types() -> int:
    say("［检查］类型 mypy …")
    return subprocess.call([str(BIN / "mypy")], cwd=ROOT)


# The tests with the real encoder stay in one process: it is built, and the bundled library encoded, once.
SECOND_HALF = ("browser", "library", "registers", "scenarios", "search", "statistics", "watching", "web")


def run_both_halves(command: list[str]) -> int:
    """Two processes at once, since one leaves most of a second core idle; the second's output follows the first's.

    Types are checked before the first half, while the second is already running: mypy uses one core for a good while.
    """
    tests = sorted(path for path in (ROOT / "tests").iterdir() if path.is_dir() or path.match("test_*.py"))
    second = [str(path) for path in tests if path.name in SECOND_HALF]
    first = [str(path) for path in tests if path.name not in (*SECOND_HALF, "support", "__pycache__")]
    with tempfile.TemporaryFile() as log:
        other = subprocess.Popen([*command, *second], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        types = check_types()
        say("［测试］pytest …")
        failed = subprocess.call([*command, *first], cwd=ROOT)
        say("［测试］另一半 …")
        failed = other.wait() or failed
        log.seek(0)
        sys.stdout.buffer.write(log.read())
        sys.stdout.flush()
    if types:
        say("［检查］类型检查没有通过，见最前面的输出。")
    return failed or types


if __name__ == "__main__":
    sys.exit(main())
