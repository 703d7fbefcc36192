"""群机器人 of 企业微信 and 政务钉钉 by their webhooks (企业微信“群机器人配置说明”; 钉钉“自定义机器人接入”, 加签).

Both take `{"msgtype": "text", "text": {"content": …}}` and answer `{"errcode": 0, …}` when it was taken. 钉钉 with 加签
wants `timestamp` (milliseconds) and `sign`, the HMAC-SHA256 of "timestamp\\nsecret" under the secret, in the address.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from urllib.parse import urlencode

from qa_service.kit import clock
from qa_service.kit.outbox import NotDelivered
from qa_service.kit.posting import post_json
from qa_service.watching.channels import Parcel

WECOM_BYTES = 2048  # 企业微信: text.content 最长不超过 2048 个字节


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
    answer = post_json(address, body)
    try:
        said = json.loads(answer)
    except ValueError as error:
        raise NotDelivered("对方的答复读不懂") from error
    if not isinstance(said, dict) or said.get("errcode") != 0:
        reason = said.get("errmsg", "") if isinstance(said, dict) else said
        raise NotDelivered(f"机器人没有接收：{reason}")
    return "机器人已接收"
