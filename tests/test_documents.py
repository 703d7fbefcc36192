"""What the documents promise about settings."""

from __future__ import annotations

import re
from pathlib import Path

from qa_service.settings import Settings

DOCS = Path(__file__).resolve().parents[1] / "docs"


class TestOperations:
    def test_every_setting_is_described(self) -> None:
        text = (DOCS / "operations.md").read_text(encoding="utf-8")
        missing = [name for name in Settings.model_fields if f"QA_{name.upper()}" not in text]
        assert not missing, f"docs/operations.md 没有写到：{missing}"

    def test_no_setting_is_described_that_is_not_there(self) -> None:
        text = (DOCS / "operations.md").read_text(encoding="utf-8")
        known = {f"QA_{name.upper()}" for name in Settings.model_fields} | {"QA_TEST_CACHE", "QA_SCREENSHOTS"}
        assert set(re.findall(r"\bQA_[A-Z_]+\b", text)) <= known

    def test_every_setting_says_what_it_is_for(self) -> None:
        assert all(field.description for field in Settings.model_fields.values())
