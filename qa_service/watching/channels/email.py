"""电子邮件 by SMTP (RFC 5321)."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime

from qa_service.kit import clock
from qa_service.kit.outbox import NotDelivered
from qa_service.settings import Settings
from qa_service.watching.channels import Parcel

TIMEOUT = 10.0
PERMANENT = 500  # reply codes from here on: the same mail will be refused again


@dataclass(frozen=True, slots=True)
class EmailChannel:
    settings: Settings

    def send(self, parcel: Parcel) -> str:
        if not self.settings.smtp_host:
            raise NotDelivered("没有配置邮件服务器（QA_SMTP_HOST）", for_good=True)
        try:
            with self._connected() as smtp:
                smtp.send_message(self._mail(parcel))
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            raise NotDelivered(f"收件地址被拒绝：{code} {_text(said)}", for_good=code >= PERMANENT) from error
        except smtplib.SMTPAuthenticationError as error:
            raise NotDelivered(f"邮件服务器不接受账号或密码：{error.smtp_code}") from error
        except smtplib.SMTPResponseException as error:
            raise NotDelivered(f"邮件服务器返回 {error.smtp_code} {_text(error.smtp_error)}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise NotDelivered(f"连接不上邮件服务器：{error}") from error
        return "邮件服务器已接收"

    def _connected(self) -> smtplib.SMTP:
        held = self.settings
        if held.smtp_security == "tls":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                held.smtp_host, held.smtp_port, timeout=TIMEOUT, context=ssl.create_default_context()
            )
        else:
            smtp = smtplib.SMTP(held.smtp_host, held.smtp_port, timeout=TIMEOUT)
        try:
            if held.smtp_security == "starttls":
                smtp.starttls(context=ssl.create_default_context())
            if held.smtp_username:
                smtp.login(held.smtp_username, held.smtp_password)
        except BaseException:
            smtp.close()
            raise
        return smtp

    def _mail(self, parcel: Parcel) -> EmailMessage:
        """The same message gets the same Message-ID however often it is sent, so that mailboxes can tell."""
        mail = EmailMessage()
        sender = self.settings.smtp_sender or self.settings.smtp_username or "qa-service@localhost"
        mail["Subject"], mail["From"], mail["To"] = parcel.title, sender, parcel.address
        mail["Date"] = format_datetime(clock.now())
        mail["Message-ID"] = f"<message-{parcel.message_id}@{sender.rpartition('@')[2]}>"
        mail.set_content(parcel.text)
        return mail


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
