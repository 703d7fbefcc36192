"""群机器人 of 企业微信 and 政务钉钉 by their webhooks (企业微信“群机器人配置说明”; 钉钉“自定义机器人接入”, 加签).

Both take `{"msgtype": "text", "text": {"content": …}}` and answer `{"errcode": 0, …}` when it was taken. 钉钉 with 加签
wants `timestamp` (milliseconds) and `sign`, the HMAC-SHA256 of "timestamp\\nsecret" under the secret, in the address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import urllib.error
import urllib.request
from urllib.parse import urlencode

from qa_service.kit import clock
from qa_service.kit.outbox import NotDelivered
from qa_service.watching.channels import Parcel

TIMEOUT = 10.0
WECOM_BYTES = 2048  # 企业微信: text.content 最长不超过 2048 个字节


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A message goes to the address that the administrator entered, and to no other."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())


class WeComChannel:
    def send(self, parcel: Parcel) -> str:
        return post_text(parcel.address, shortened(f"{parcel.title}\n{parcel.text}", WECOM_BYTES))


class DingTalkChannel:
    def send(self, parcel: Parcel) -> str:
        address = parcel.address
        if parcel.secret:
            milliseconds = str(round(clock.now().timestamp() * 1000))
            signed = urlencode(
                {"timestamp": milliseconds, "sign": dingtalk_sign(milliseconds, parcel.secret)}
            )
            address += ("&" if "?" in address else "?") + signed
        return post_text(address, f"{parcel.title}\n{parcel.text}")


def dingtalk_sign(milliseconds: str, secret: str) -> str:
    digest = hmac.new(secret.encode(), f"{milliseconds}\n{secret}".encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def shortened(text: str, limit: int) -> str:
    """`text` in at most `limit` bytes of UTF-8, no character cut in two."""
    raw = text.encode()
    return text if len(raw) <= limit else raw[: limit - 3].decode(errors="ignore") + "…"


def post_text(address: str, content: str) -> str:
    body = json.dumps({"msgtype": "text", "text": {"content": content}}, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json; charset=utf-8"}
    try:
        request = urllib.request.Request(address, body, headers, method="POST")
        with _opener.open(request, timeout=TIMEOUT) as answer:
            said = json.loads(answer.read(65536))
    except urllib.error.HTTPError as error:
        raise NotDelivered(f"对方返回 {error.code}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotDelivered(f"连接不上，或者对方的答复读不懂：{getattr(error, 'reason', error)}") from error
    if not isinstance(said, dict) or said.get("errcode") != 0:
        reason = said.get("errmsg", "") if isinstance(said, dict) else said
        raise NotDelivered(f"机器人没有接收：{reason}")
    return "机器人已接收"
