"""问答条目的采编流程: draft → review by somebody else → published → replaced or withdrawn.

A version is written by one person and published by another (采编与审核分离); what was once published is
never changed, since a citizen may have been given it.
"""

from __future__ import annotations

from qa_service.accounts.roles import Role
from qa_service.cases.lifecycle import Act, Lifecycle, State

EDITORS = frozenset({Role.ADMIN, Role.DESK, Role.UNIT})
REVIEWERS = frozenset({Role.ADMIN, Role.DESK, Role.UNIT, Role.SUPERVISOR})

STATES = {
    state.code: state
    for state in (
        State("draft", "草稿", "草稿"),
        State("in_review", "待审核", "待审核"),
        State("published", "已发布", "已发布"),
        State("superseded", "已被新版本替换", "历史版本", final=True),
        State("withdrawn", "已撤回", "已下架", final=True),
        State("discarded", "已放弃", "已放弃", final=True),
    )
}


def _from(*codes: str) -> frozenset[str]:
    return frozenset(codes)


LIFECYCLE = Lifecycle(
    kind="entry_version",
    initial="draft",
    states=STATES,
    acts=(
        Act("submit", "提交审核", _from("draft"), "in_review", EDITORS, "提交审核。"),
        Act("reject", "退回修改", _from("in_review"), "draft", REVIEWERS, "退回修改：{reason}", needs=("reason",)),
        Act(
            "publish", "审核通过并发布", _from("in_review"), "published", REVIEWERS, "审核通过并发布。",
            consequence="发布后群众即可检索到这条答复。",
        ),
        Act("discard", "放弃草稿", _from("draft", "in_review"), "discarded", EDITORS, "放弃草稿。", consequence="草稿不能恢复。"),
        Act("supersede", "替换", _from("published"), "superseded", frozenset({Role.SYSTEM}), "被新版本替换。"),
        Act(
            "withdraw", "撤回", _from("published"), "withdrawn", REVIEWERS, "撤回：{reason}", needs=("reason",),
            consequence="撤回后，群众将查不到此答复。",
        ),
    ),
)  # fmt: skip
