#!/usr/bin/env python3
"""Check every legal basis in the bundled library against the law texts themselves.

    scripts/check_basis.py LAWS_FOLDER [--corpus corpus]

LAWS_FOLDER holds one Markdown file a law, named `法名(YYYY-MM-DD).md`, each article starting a line
with 第…条. The county's own rules in `corpus/zone/rules` are read the same way. For every entry of
every `*.entries.yaml` the named article of the named law must contain the key phrase (at most 15
characters, compared without white space and with full-width and half-width brackets folded), and the
interpretation's 依据 line must name the law in the version that the folder holds.
Exit status 1 when any basis cannot be found.
"""

from __future__ import annotations

import argparse
import re
import sys
import unicodedata
from pathlib import Path

import yaml

ARTICLE = re.compile(
    r"^[　\s*]*(第[零〇一二三四五六七八九十百千]+条(?:之[一二三四五六七八九十]+)?)[\s　*]*(.*)$"
)
LAW_FILE = re.compile(r"^(?P<name>.+)\((?P<version>\d{4}-\d{2}-\d{2})\)\.md$")
PHRASE_LIMIT = 15


def fold(text: str) -> str:
    """Text as compared: NFKC, no white space, so that line wraps and bracket widths do not matter."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def read_articles(path: Path) -> dict[str, str]:
    """Articles of one law by number (第十四条 → folded text), headings of chapters left out."""
    articles: dict[str, str] = {}
    current = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("#"):
            current = ""
        elif found := ARTICLE.match(line):
            current = found[1]
            articles[current] = articles.get(current, "") + fold(found[2])
        elif current:
            articles[current] += fold(line)
    return articles


def read_laws(folders: list[Path]) -> dict[str, tuple[str, dict[str, str]]]:
    """Laws by name: (version date, articles)."""
    laws = {}
    for folder in folders:
        for path in sorted(folder.glob("*.md")):
            if found := LAW_FILE.match(path.name):
                laws[found["name"]] = (found["version"], read_articles(path))
    return laws


def find_problem(basis: dict[str, str], laws: dict[str, tuple[str, dict[str, str]]]) -> str | None:
    """Why this basis cannot be confirmed, in Chinese, or None when it stands."""
    name, article, phrase = (str(basis.get(k, "")) for k in ("law", "article", "phrase"))
    if name not in laws:
        return f"没有法律文本《{name}》"
    articles = laws[name][1]
    if article not in articles:
        return f"《{name}》没有{article}"
    if not phrase or len(phrase) > PHRASE_LIMIT:
        return f"关键短语须为 1—{PHRASE_LIMIT} 字：{phrase!r}"
    if fold(phrase) not in articles[article]:
        where = [a for a, text in articles.items() if fold(phrase) in text]
        hint = f"（该短语见于{'、'.join(where[:3])}）" if where else ""
        return f"《{name}》{article}中没有“{phrase}”{hint}"
    return None


def main() -> int:
    cli = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    cli.add_argument("laws", type=Path)
    cli.add_argument("--corpus", type=Path, default=Path(__file__).resolve().parent.parent / "corpus")
    args = cli.parse_args()
    laws = read_laws([args.laws, args.corpus / "zone" / "rules"])
    if not laws:
        print(f"{args.laws} 中没有“法名(日期).md”形式的法律文本", file=sys.stderr)
        return 2
    entries = bases = 0
    problems = []
    for path in sorted((args.corpus / "interpretations").glob("*.entries.yaml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["entries"]:
            entries += 1
            found = entry.get("basis") or []
            if not found:
                problems.append(f"{path.name}：{entry.get('key')}：没有依据")
            for basis in found:
                bases += 1
                if problem := find_problem(basis, laws):
                    problems.append(f"{path.name}：{entry.get('key')}：{problem}")
    for problem in problems:
        print(problem)
    print(f"{entries} 条问答，{bases} 处依据，{bases - len(problems)} 处核对一致，{len(problems)} 处不一致")
    return 1 if problems or not entries else 0


if __name__ == "__main__":
    sys.exit(main())
