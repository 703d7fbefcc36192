"""Where the papers' templates are kept: the office's own folder wins over what comes with the software.

`FOLDER/交办单.docx` is in force; `FOLDER/versions/交办单/` keeps every template that has been in force, named after the
moment it was accepted and its content. An office may also put files into the folder by hand.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from qa_service.errors import NotFound
from qa_service.kit import clock
from qa_service.registers.fill import SIZE_LIMIT, Template, TemplateError
from qa_service.registers.papers import LISTS, VALUES, Paper
from qa_service.settings import Settings

_VERSION = re.compile(r"(\d{8}-\d{6})-[0-9a-f]{12}\.docx")


@dataclass(frozen=True, slots=True)
class Version:
    """A template that has been in force; `name` is its file name, `current` whether it is so now."""

    name: str
    at: datetime
    current: bool


@dataclass(frozen=True, slots=True)
class Templates:
    bundled: Path
    own: Path

    @classmethod
    def of(cls, settings: Settings) -> Templates:
        return cls(settings.corpus_dir / "forms", settings.forms_dir or settings.data_dir / "forms")

    def is_own(self, paper: Paper) -> bool:
        return self._own(paper).is_file()

    def read(self, paper: Paper) -> bytes:
        """The template in force. Raises TemplateError where there is none."""
        path = self._own(paper) if self.is_own(paper) else self.bundled / f"{paper.name}.docx"
        try:
            return path.read_bytes()
        except OSError as error:
            raise TemplateError(
                f"没有“{paper.name}”的模板，或者读不出来（{path.name}）。",
                "请管理员在“系统管理—文书模板”上传模板，或者恢复随附的模板。",
            ) from error

    def checked(self, paper: Paper, data: bytes) -> Template:
        """`data` as a template of this paper. Raises TemplateError naming what is wrong with it."""
        template = Template(paper.name, data)
        template.check(VALUES, LISTS)
        return template

    def accept(self, paper: Paper, data: bytes) -> str:
        """Put a template in force; returns its version. Raises TemplateError, and then nothing has changed."""
        if len(data) > SIZE_LIMIT:
            raise TemplateError(f"模板“{paper.name}”太大。", "模板文件不超过 2 MB，请删去多余的图片。")
        template = self.checked(paper, data)
        if "编号" not in template.placeholders():
            raise TemplateError(
                f"模板“{paper.name}”里没有“{{{{编号}}}}”。", "每份文书都要印上编号，请在模板里加上 {{编号}}。"
            )
        sample = {name: [dict.fromkeys(fields, "样例")] for name, fields in LISTS.items()}
        template.fill(dict.fromkeys(VALUES, "样例"), sample)
        self._keep_present(paper)
        version = self._keep(paper, data)
        self._put(self._own(paper), data)
        return version

    def restore(self, paper: Paper, version: str = "") -> None:
        """Put an earlier version in force again, or without one what comes with the software."""
        self._keep_present(paper)
        if version:
            data = self.read_version(paper, version)
            self.checked(paper, data)
            self._put(self._own(paper), data)
        else:
            self._own(paper).unlink(missing_ok=True)

    def versions(self, paper: Paper) -> list[Version]:
        """Newest first."""
        present = _digest(self._own(paper).read_bytes()) if self.is_own(paper) else ""
        found = [
            Version(path.name, datetime.strptime(match[1], "%Y%m%d-%H%M%S").replace(tzinfo=clock.CHINA),
                    current=bool(present) and present in path.name)
            for path in self._kept(paper).glob("*.docx")
            if (match := _VERSION.fullmatch(path.name))
        ]  # fmt: skip
        return sorted(found, key=lambda version: version.name, reverse=True)

    def read_version(self, paper: Paper, version: str) -> bytes:
        path = self._kept(paper) / version
        if not _VERSION.fullmatch(version) or not path.is_file():
            raise NotFound(f"没有“{paper.name}”的这个版本。", "请从文书模板页面选择版本。")
        return path.read_bytes()

    def _own(self, paper: Paper) -> Path:
        return self.own / f"{paper.name}.docx"

    def _kept(self, paper: Paper) -> Path:
        return self.own / "versions" / paper.name

    def _keep_present(self, paper: Paper) -> None:
        """What somebody has put into the folder by hand is kept as a version too, before it is replaced."""
        if self.is_own(paper):
            self._keep(paper, self._own(paper).read_bytes())

    def _keep(self, paper: Paper, data: bytes) -> str:
        digest, folder = _digest(data), self._kept(paper)
        for path in folder.glob(f"*-{digest}.docx"):
            return path.name
        name = f"{clock.local(clock.now()):%Y%m%d-%H%M%S}-{digest}.docx"
        self._put(folder / name, data)
        return name

    @staticmethod
    def _put(path: Path, data: bytes) -> None:
        """Whole or not at all: a reader never sees half a template."""
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.write_bytes(data)
        part.replace(path)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]
