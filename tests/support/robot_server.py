"""What 企业微信 and 钉钉 answer to a group robot's message, on the loopback."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Posted:
    query: dict[str, str]
    content: dict[str, Any]

    @property
    def text(self) -> str:
        return str(self.content["text"]["content"])


class RobotServer:
    """`answers`: (HTTP status, errcode), one after the other, the last again and again."""

    def __init__(self, *answers: tuple[int, int]) -> None:
        self.answers = list(answers) or [(200, 0)]
        self.posted: list[Posted] = []
        robot = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
                robot.posted.append(Posted(query, body))
                status, code = robot.answers.pop(0) if len(robot.answers) > 1 else robot.answers[0]
                said = json.dumps(
                    {"errcode": code, "errmsg": "ok" if code == 0 else "api freq out of limit"}
                ).encode()
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/robot/send?key=k"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
