"""A PostgreSQL server of the tests' own: made in a temporary folder, thrown away at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import psycopg
from psycopg import sql


class PostgresMissing(Exception):
    """There is no PostgreSQL server on this machine; the text says how to get one."""


def server_programs() -> Path:
    """The folder with `initdb` and `postgres`. Raises PostgresMissing."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True
    )
    if found := shutil.which("postgres"):
        folders.append(Path(found).resolve().parent)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise PostgresMissing("没有安装 PostgreSQL 服务器（Debian：apt install postgresql）")


class PostgresServer:
    """Started by `start`. It never waits for a disk: what it holds lives only as long as the tests."""

    def __init__(self) -> None:
        self._programs = server_programs()
        self._folder = Path(tempfile.mkdtemp(prefix="qa-postgres-"))
        self._port = _free_port()
        self._user = _unprivileged_user()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        if self._user:
            shutil.chown(self._folder, self._user)
        data = self._folder / "data"
        initdb = (
            self._programs / "initdb", "-D", data, "-U", "qa", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C",
        )  # fmt: skip
        subprocess.run(initdb, check=True, capture_output=True, cwd=self._folder, user=self._user)
        settings = {
            "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "listen_addresses": "127.0.0.1",
            "port": str(self._port), "unix_socket_directories": "", "max_connections": "200",
            "shared_buffers": "32MB", "log_min_messages": "fatal", "timezone": "America/New_York",
        }  # fmt: skip
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", data, *options],
                stdout=log, stderr=log, cwd=self._folder, user=self._user,
            )  # fmt: skip
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg.connect(self._dsn("postgres")).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > deadline or (self._process and self._process.poll() is not None):
                    raise RuntimeError((self._folder / "log").read_text(errors="replace")) from None
                time.sleep(0.05)

    def _dsn(self, name: str) -> str:
        return f"postgresql://qa@127.0.0.1:{self._port}/{name}"

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://qa@127.0.0.1:{self._port}/{name}"

    def create(self, name: str, template: str = "template0") -> str:
        """A new database copied from `template`, which nobody may be using; its SQLAlchemy address."""
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
        self._execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return self.url(name)

    def drop(self, name: str) -> None:
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root; None when we are somebody else already."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
