"""Another system with a key of ours, signing what it sends."""

from __future__ import annotations

import json
import time
from typing import Any

from fastapi.testclient import TestClient

from qa_service.integration.signing import signature

ORDERS = "/api/v1/intake/consultations"


class Hotline:
    """Another system with a key of ours."""

    def __init__(self, client: TestClient, code: str, secret: str) -> None:
        self.client, self.code, self.secret = client, code, secret

    def headers(self, method: str, path: str, body: bytes, *, late: int = 0) -> dict[str, str]:
        timestamp = str(int(time.time()) - late)
        return {
            "x-qa-key": self.code, "x-qa-timestamp": timestamp, "content-type": "application/json",
            "x-qa-signature": signature(self.secret, timestamp, method, path, body),
        }  # fmt: skip

    def send(self, order: dict[str, Any], **changed: str) -> Any:
        body = json.dumps(order, ensure_ascii=False).encode()
        return self.client.post(
            ORDERS, content=body, headers={**self.headers("POST", ORDERS, body), **changed}
        )

    def ask(self, order_no: str) -> Any:
        path = f"{ORDERS}/{order_no}"
        return self.client.get(path, headers=self.headers("GET", path, b""))
