"""All settings, read from the environment (prefix `QA_`). `docs/operations.md` lists them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="QA_", extra="ignore")

    data_dir: Path = Field(Path("var"), description="数据目录：数据库、上传文件、索引、编码器")
    database_url: str = Field("", description="SQLAlchemy 数据库地址；空为数据目录中的 SQLite")
    corpus_dir: Path = Field(PROJECT / "corpus", description="随软件附带的政策解读、词表与示例专区")
    forms_dir: Path | None = Field(None, description="单位自己的文书模板目录；空为数据目录中的 forms")
    encoder: Path | None = Field(None, description="句向量模型目录；空为数据目录中构建的默认模型")
    encoder_threads: int = Field(
        0, ge=0, le=64, description="编码器线程数；0 为自动：应答时 1 个，建索引时用满处理器"
    )
    lexical_only: bool = Field(False, description="不加载编码器，只用词面检索")
    refresh_seconds: float = Field(0.5, gt=0, le=2, description="检查问答库更新的间隔（秒）")
    database_wait_seconds: float = Field(5.0, gt=0, description="数据库被占用时的最长等待（秒）")
    session_hours: int = Field(10, ge=1, description="登录有效时长（小时）")
    secure_cookies: bool = Field(False, description="仅经 HTTPS 发送登录 Cookie")
    consult_clock_start: Literal["earlier", "registered", "assigned", "signed"] = Field(
        "earlier", description="咨询答复期限起算点：earlier 为登记与交办的较早者"
    )
    integration_key: str = Field("", description="接口主密钥；空为数据目录中自动生成的文件")
    webhook_seconds: float = Field(
        10.0, gt=0, description="通知送不到时第一次重试前的等待（秒），以后逐次加长"
    )
    public_url: str = Field(
        "",
        description="对外地址（如 https://zwgk.example.gov.cn）；邮件和机器人消息中的链接由它组成，空则不带链接",
    )
    watch_seconds: float = Field(60.0, gt=0, description="检查期限、亮牌、提醒的间隔（秒）")
    message_seconds: float = Field(
        10.0, gt=0, description="消息发不出去时第一次重试前的等待（秒），以后逐次加长"
    )
    smtp_host: str = Field("", description="邮件服务器；空为不发邮件")
    smtp_port: int = Field(25, ge=1, le=65535, description="邮件服务器端口")
    smtp_security: Literal["none", "starttls", "tls"] = Field("none", description="邮件服务器的加密方式")
    smtp_username: str = Field("", description="邮件服务器账号；空为不登录")
    smtp_password: str = Field("", description="邮件服务器密码")
    smtp_sender: str = Field("", description="发件地址；空为账号")
    progress_attempts: int = Field(10, ge=1, description="每个来源每 10 分钟可查询进度的次数")
    public_registrations: int = Field(20, ge=1, description="每个匿名来源每小时可登记咨询的次数")

    @property
    def url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'qa.sqlite3'}"

    @property
    def index_dir(self) -> Path:
        return self.data_dir / "indexes"

    @property
    def encoder_dir(self) -> Path:
        return self.encoder or self.index_dir / "encoder"
