"""The master key that all integration secrets are derived from: a setting, or a file in the data folder."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from qa_service.errors import Unavailable
from qa_service.settings import Settings

FILE = "integration.key"


def master_key(settings: Settings) -> bytes:
    """QA_INTEGRATION_KEY where set (several machines must share it), else the file, made when first needed."""
    if settings.integration_key:
        return settings.integration_key.encode()
    path = settings.data_dir / FILE
    try:
        return path.read_bytes() if path.exists() else _made(path)
    except OSError as error:
        raise Unavailable(
            "读不到接口主密钥文件，接口暂时不能用。", f"请管理员检查数据目录中 {FILE} 的权限。"
        ) from error


def _made(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{FILE}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_hex(32).encode())
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(part, path)  # whoever comes first makes it; the others read that
    except FileExistsError:
        pass
    finally:
        part.unlink()
    return path.read_bytes()
