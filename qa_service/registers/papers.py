"""The papers of a consultation (文书): which there are, when each can be made, and what their templates may name. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from qa_service.accounts.roles import Role

ZONE = frozenset({Role.DESK, Role.ADMIN, Role.SUPERVISOR})
WATCHERS = frozenset({Role.SUPERVISOR, Role.ADMIN})
ALL = frozenset({Role.DESK, Role.ADMIN, Role.UNIT, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class Paper:
    """One kind of paper. `name` is also the file name of its template; `roles` may make it."""

    code: str
    name: str
    roles: frozenset[Role]


PAPERS = {
    paper.code: paper
    for paper in (
        Paper("registration", "登记表", ALL),
        Paper("assignment", "交办单", ALL),
        Paper("urging", "催办单", ZONE),
        Paper("supervision", "督办单", WATCHERS),
        Paper("reply", "答复单", ALL),
        Paper("telling", "告知记录", ALL),
        Paper("notice", "一次性告知书", ALL),
    )
}


@dataclass(frozen=True, slots=True)
class Stage:
    """How far a consultation has come, as far as its papers ask."""

    assigned: bool
    urged: bool
    supervised: bool
    answered: bool
    tried_to_tell: bool
    noticed: bool


def why_not(code: str, stage: Stage) -> str:
    """Why the paper cannot be made yet, "" where it can: a paper states only what has happened.

    催办单、督办单 are those that were issued: they stay to be printed when the case has been answered.
    """
    match code:
        case "assignment" if not stage.assigned:
            return "还没有交办"
        case "urging" if not stage.urged:
            return "还没有催办"
        case "supervision" if not stage.supervised:
            return "还没有督办"
        case "reply" if not stage.answered:
            return "还没有答复"
        case "telling" if not stage.tried_to_tell:
            return "还没有告知咨询人"
        case "notice" if not stage.noticed:
            return "没有给出一次性告知"
    return ""


def _notice_names(act: str) -> dict[str, str]:
    """The placeholders of the newest 催办单 or 督办单 (`act`: 催办, 督办), and what stands there."""
    return {
        f"{act}单编号": f"最近一张{act}单的编号，本组都指这一张", f"{act}单位": f"收到{act}单的单位", f"{act}时间": "发单的日期和时间",
        f"{act}日期": "发单的日期", f"{act}人": "发单的人", f"{act}要求": "要求；没有写明事由时隐去号码",
        f"{act}时状态": "发单时的状态，第二轮起注明轮次", f"{act}时截止日": "发单时答复期限的截止日",
        f"{act}时期限情况": "发单时还剩几个工作日，或者已超期几个工作日", f"{act}反馈期限": "应当反馈的最后一天",
        f"{act}反馈": "承办单位的反馈；没有写明事由时隐去号码", f"{act}反馈人": "反馈的人", f"{act}反馈时间": "反馈的日期和时间",
    }  # fmt: skip


# What a template may name, and what stands there. The groups are those of the page that lists them.
PLACEHOLDERS: dict[str, dict[str, str]] = {
    "登记": {
        "编号": "咨询件编号", "专区": "专区名称", "专区地址": "专区地址", "专区电话": "专区电话", "登记时间": "登记的日期和时间",
        "登记日期": "登记的日期", "渠道": "窗口、自助一体机、电话、网站", "咨询人": "称谓；没有写明事由时掩码",
        "联系方式": "电话或邮箱；没有写明事由时掩码", "人群": "人群", "主题": "主题", "紧急程度": "一般、紧急", "问题": "咨询的问题",
        "首问责任人": "首次接待的工作人员", "状态": "现在的状态", "结果": "办理结果",
    },
    "交办": {
        "承办单位": "承办单位", "承办单位电话": "承办单位电话", "协办单位": "协办单位，几个之间用顿号", "政策线索": "政策线索",
        "交办方式": "一般交办，或者指定交办（不得退回）", "交办时间": "交办时间", "交办人": "交办人", "签收期限": "应当签收的最后一天",
        "签收时间": "签收时间", "签收人": "签收人", "退回期限": "可以退回的最后一天", "退回次数": "被退回的次数",
        "起算日": "本轮答复期限的起算日", "截止日": "本轮答复期限的截止日，暂定的注明", "期限依据": "时限的名称和依据",
        "期限情况": "还剩几个工作日，或者已超期几个工作日", "办理轮次": "第几轮办理",
    },
    "回复": {
        "答复内容": "告知咨询人的答复", "答复单位": "答复单位", "答复人": "拟定答复的人", "审核人": "审核答复的单位负责人",
        "答复时间": "拟定答复的时间", "告知方式": "当面、电话、短信……", "告知时间": "告知咨询人的时间", "告知人": "告知咨询人的人",
        "是否按期": "首轮是否按期答复", "满意度": "最近一次回访的结果", "引导单位": "引导去的单位", "引导单位联系方式": "该单位的联系方式",
    },
    "一次性告知": {
        "告知结论": "能不能办理", "告知理由": "理由", "一次性告知时间": "给出一次性告知的时间", "一次性告知人": "给出一次性告知的人",
    },
    "催办": _notice_names("催办"),
    "督办": {"督办事由": "拒不接收、逾期未办……", **_notice_names("督办")},
    "打印": {"今天": "打印的日期", "打印人": "打印的人"},
}  # fmt: skip
LISTS: dict[str, dict[str, str]] = {
    "办理过程": {"序号": "", "时间": "", "内容": "", "经办人": ""},
    "依据": {"序号": "", "内容": "答复依据的文件名称、文号和条款"},
    "告知": {"序号": "", "时间": "", "方式": "", "经办人": "", "结果": "已告知，或者没有告知到", "说明": ""},
    "协办意见": {"序号": "", "单位": "", "时间": "", "内容": ""},
    "回访": {"序号": "", "时间": "", "方式": "", "经办人": "", "结果": "", "说明": ""},
    "轮次": {"序号": "", "起算日": "", "截止日": "", "答复日": "", "是否按期": ""},
    "补正": {"序号": "", "内容": "一次性告知中需要补齐的内容"},
}
VALUES = {name: said for group in PLACEHOLDERS.values() for name, said in group.items()}
