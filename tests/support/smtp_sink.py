"""A mail server on the loopback that takes mail, or refuses it: enough of RFC 5321 for smtplib."""

from __future__ import annotations

import contextlib
import socketserver
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast


class SmtpSink:
    """`answers` are the replies to RCPT, one after the other, the last again and again. `held` delays the reply to the
    whole mail until it is set."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers) or ["250 OK"]
        self.mails: list[EmailMessage] = []
        self.logins: list[str] = []
        self.held = threading.Event()
        self.held.set()
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):  # whoever sent has been killed
                    self._talk()

            def _say(self, line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

            def _talk(self) -> None:
                self._say("220 sink ESMTP")
                while line := self.rfile.readline():
                    command = line.decode().strip()
                    verb = command[:4].upper()
                    if verb == "EHLO":
                        self._say("250-sink")
                        self._say("250-SMTPUTF8")
                        self._say("250 AUTH PLAIN")
                    elif verb == "AUTH":
                        sink.logins.append(command)
                        self._say("235 OK")
                    elif verb == "RCPT":
                        self._say(sink.answers.pop(0) if len(sink.answers) > 1 else sink.answers[0])
                    elif verb == "DATA":
                        self._say("354 go on")
                        self._take_mail()
                    elif verb == "QUIT":
                        self._say("221 bye")
                        return
                    else:
                        self._say("250 OK")

            def _take_mail(self) -> None:
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    lines.append(line[1:] if line.startswith(b"..") else line)
                sink.mails.append(
                    cast(EmailMessage, message_from_bytes(b"".join(lines), policy=policy.default))
                )
                sink.held.wait(30)
                self._say("250 taken")

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.held.set()
        self._server.shutdown()
        self._server.server_close()
