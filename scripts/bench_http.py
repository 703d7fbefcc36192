"""The part of bench.py that measures the whole service over HTTP with a library of thousands of entries.

The folder holds `*.library.jsonl` ({"id", "question", "answer"}) and `queries*.jsonl`. A data directory with all
its libraries published is made (kept and reused with --keep), the service is started on it as a process of
its own, and each question is asked once over HTTP beside one encoding of the same text in this process, in
turn, so that the machine's speed at that moment is in both.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from progress import say  # noqa: E402
from sqlalchemy import select  # noqa: E402

from qa_service import migrations  # noqa: E402
from qa_service.accounts.models import Unit  # noqa: E402
from qa_service.accounts.roles import SYSTEM  # noqa: E402
from qa_service.kit.database import Database  # noqa: E402
from qa_service.library import service  # noqa: E402
from qa_service.library.opening import INDEXING_THREADS, SERVING_THREADS, EncoderStatus, open_index  # noqa: E402
from qa_service.search.encoder import open_encoder  # noqa: E402
from qa_service.search.evaluate import percentile  # noqa: E402
from qa_service.search.reading import read_question  # noqa: E402
from qa_service.settings import Settings  # noqa: E402
from qa_service.zones.importer import import_zone_folder  # noqa: E402


def read_lines(paths: Sequence[Path]) -> Iterator[dict[str, str]]:
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip():
                yield json.loads(line)


def fill(settings: Settings, folder: Path) -> None:
    """Publish every entry of the folder's libraries and build the index; nothing when that was done before."""
    if (settings.index_dir / "search").exists():
        return
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.url)
    migrations.upgrade(database)
    with database.write() as session:
        import_zone_folder(session, ROOT / "corpus" / "zone")
        unit_id = session.scalars(select(Unit.id).order_by(Unit.id)).first() or 0
        for number, line in enumerate(read_lines(sorted(folder.glob("*.library.jsonl"))), 1):
            content = service.Content(
                question=line["question"][: service.QUESTION_LIMIT],
                answer=line["answer"],
                unit_id=unit_id,
                topic="政务服务",
                basis=({"law": "评测资料"},),
                review_due=date(2099, 12, 31),
            )
            service.import_published(session, None, f"bench-{number}", content, SYSTEM.name)
    index = open_index(settings, database, EncoderStatus(settings, INDEXING_THREADS))
    index.open(say)
    database.close()


class Service:
    """The service as a process of its own."""

    def __init__(self, settings: Settings) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        # The standard library's client: the least that a measured request costs on the client's side.
        self.client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        environment = {**os.environ, "QA_ENCODER": str(settings.encoder_dir)}
        command = [sys.executable, "-m", "qa_service", "serve", "--data-dir", str(settings.data_dir)]
        self.begin = time.perf_counter()
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port)], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
        )

    def wait_for_answer(self, question: str) -> float:
        """Seconds from the start of the process to its first answer."""
        while True:
            with contextlib.suppress(OSError):
                self.ask(question)
                return time.perf_counter() - self.begin
            self.client.close()
            if self.process.poll() is not None:
                raise SystemExit("the service stopped while starting")
            time.sleep(0.05)

    def ask(self, question: str) -> float:
        body = json.dumps({"question": question}).encode()
        begin = time.perf_counter()
        self.client.request("POST", "/api/v1/ask", body, {"content-type": "application/json"})
        answer = self.client.getresponse()
        answer.read()
        elapsed = (time.perf_counter() - begin) * 1000
        if answer.status != 200:
            raise SystemExit(f"the service answered {answer.status}")
        return elapsed

    def memory(self) -> float:
        """MiB resident now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) / 1024

    def has_torch(self) -> bool:
        return "libtorch" in Path(f"/proc/{self.process.pid}/maps").read_text()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=30)


def measure(settings: Settings, questions: Sequence[str]) -> None:
    encoder = open_encoder(settings.encoder_dir, SERVING_THREADS)
    encoder.encode_queries(["预热"])
    starts = []
    for _ in range(3):
        started = Service(settings)
        starts.append(started.wait_for_answer(questions[0]))
        started.stop()
    print(f"start with the index present to the first answer: {min(starts):.1f}–{max(starts):.1f} s (≤ 5)")
    running = Service(settings)
    try:
        running.wait_for_answer(questions[0])
        alone, whole = [], []
        for question in questions:
            begin = time.perf_counter()
            read_question(encoder, question)
            alone.append((time.perf_counter() - begin) * 1000)
            whole.append(running.ask(question))
        again = [running.ask(question) for question in questions]
        p50, p95 = (percentile(whole, p) / percentile(alone, p) for p in (50, 95))
        print(f"encoder alone: p50 {percentile(alone, 50):.1f} ms, p95 {percentile(alone, 95):.1f} ms")
        print(f"ask over HTTP: p50 {percentile(whole, 50):.1f} ms, p95 {percentile(whole, 95):.1f} ms")
        print(f"ratio p50 {p50:.2f} (≤ 1.6), p95 {p95:.2f} (≤ 3)")
        print(
            f"asked again (cache): p50 {percentile(again, 50):.1f} ms, p95 {percentile(again, 95):.1f} ms (≤ 5)"
        )
        print(
            f"memory of the serving process: {running.memory():.0f} MiB (≤ 600); torch loaded: {running.has_torch()}"
        )
    finally:
        running.stop()


def bench_http(folder: Path, encoder: Path, keep: Path | None) -> None:
    """Make the data directory (in `keep`, or for this run only), serve it, print the figures."""
    with tempfile.TemporaryDirectory() as temporary:
        settings = Settings(data_dir=keep or Path(temporary), encoder=encoder)
        begin = time.perf_counter()
        fill(settings, folder)
        print(f"library ready in {time.perf_counter() - begin:.0f} s")
        questions = dict.fromkeys(line["query"] for line in read_lines(sorted(folder.glob("queries*.jsonl"))))
        measure(settings, list(questions))
