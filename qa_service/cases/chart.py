"""The documentation's part that is generated from a lifecycle table: the flow chart and who may do what.

python -m qa_service.cases.chart docs/consultation-lifecycle.md
"""

from __future__ import annotations

import sys
from pathlib import Path

from qa_service.cases.lifecycle import Clock, Lifecycle

BEGIN, END = "<!-- 以下由流程表生成 -->\n", "<!-- 以上由流程表生成 -->\n"
CLOCKS = {Clock.KEEP: "", Clock.START: "起算", Clock.MET: "期限停止"}


def generated(lifecycle: Lifecycle) -> str:
    """The chart and the table of acts as Markdown."""
    rows = ["| 步骤 | 从 | 到 | 谁办理 | 期限 |", "|---|---|---|---|---|"]
    for act in lifecycle.acts:
        sources = [code for code in lifecycle.states if code in act.sources]
        target = lifecycle.states[act.target].label if act.target else "不变"
        who = "协办单位" if act.assisting else "、".join(sorted(role.label for role in act.roles))
        cells = (
            act.label, "；".join(lifecycle.states[code].label for code in sources), target, who, CLOCKS[act.clock],
        )  # fmt: skip
        rows.append(f"| {' | '.join(cells)} |")
    table = "\n".join(rows)
    return f"{BEGIN}\n```mermaid\n{lifecycle.mermaid()}```\n\n{table}\n\n{END}"


def renewed(document: str, lifecycle: Lifecycle) -> str:
    """`document` with what stands between the two marks made anew."""
    before, rest = document.split(BEGIN, 1)
    return before + generated(lifecycle) + rest.split(END, 1)[1]


def main(path: Path) -> None:
    from qa_service.consultations.lifecycle import LIFECYCLE

    path.write_text(renewed(path.read_text(encoding="utf-8"), LIFECYCLE), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
