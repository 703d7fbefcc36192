"""A channel that has been switched off: what still waited for it goes nowhere, and says so."""

from __future__ import annotations

from qa_service.watching.channels import Parcel


class NullChannel:
    def send(self, parcel: Parcel) -> str:
        return "渠道已停用，没有发送"
