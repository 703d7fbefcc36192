"""Reading forms: plain text fields in, checked schemas out, everything said in Chinese."""

from __future__ import annotations

from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError
from starlette.datastructures import FormData, UploadFile

from qa_service.errors import Invalid
from qa_service.kit.http import REASONS

Model = TypeVar("Model", bound=BaseModel)

FIELD_NAMES = {
    "question": "问题", "answer": "答复", "unit": "单位", "topic": "主题", "basis": "依据", "phrasings": "群众问法",
    "audience": "适用人群", "effective_from": "生效日期", "effective_to": "失效日期", "review_due": "复核日期",
    "person_name": "称谓", "contact": "联系方式", "channel": "来源渠道", "handling": "处理", "reason": "理由",
    "text": "答复内容", "how": "告知方式", "guided_to": "引导去的单位", "guided_contact": "该单位联系方式",
    "no_contact_reason": "没有联系方式的原因", "policy_clue": "政策线索", "note": "备注", "library_decision": "是否收入问答库",
    "entry": "问答条目", "entry_key": "并入的条目", "entry_question": "标准问", "username": "用户名",
    "display_name": "姓名", "password": "密码", "role": "岗位", "zone": "专区", "code": "编号", "name": "名称",
    "law": "文件名称", "article": "条款", "version": "版本日期", "phrase": "关键语句", "phone": "电话", "address": "地址",
    "post": "岗位", "verdict": "能否办理", "missing": "需要补齐的内容", "source": "来源", "case": "咨询件编号",
    "person": "人员", "facts": "事实", "happened_on": "发生日期",
    "assisting": "协办单位", "opinion": "协办意见", "satisfaction": "是否满意", "leading": "牵头件编号", "urgency": "紧急程度",
    "hours": "办公时间", "duties": "职责", "said": "词", "official": "规范用语", "kind": "类别", "short_name": "简称",
    "document": "文号", "first": "起日", "last": "止日", "content": "通知内容", "year": "年份",
    "phone4": "手机号后四位", "feedback": "反馈", "decision": "处理", "reason_code": "督办事由", "substitute": "代理人",
    "email": "邮箱", "url": "机器人地址", "secret": "加签密钥", "yellow_short": "短期限的黄牌天数", "yellow_long": "长期限的黄牌天数",
    "long_from": "长期限的界线", "stage_yellow": "环节的黄牌天数", "assign_days": "交办天数", "review_days": "审核天数",
    "tell_days": "告知天数", "remind_before": "提前提醒天数", "leader_after": "报单位负责人的超期天数",
    "supervisor_after": "报监督管理的超期天数", "urge_days": "催办反馈天数", "supervise_days": "督办反馈天数",
    "scopes": "权限",
}  # fmt: skip


async def form_fields(request: Request) -> FormData:
    return await request.form()


Fields = Annotated[FormData, Depends(form_fields)]


def text(fields: FormData, name: str) -> str:
    value = fields.get(name)
    return "" if value is None or isinstance(value, UploadFile) else value


def number(fields: FormData, name: str) -> int:
    """A whole number, -1 where the field does not hold one (no version is ever -1)."""
    value = text(fields, name).strip()
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else -1


def as_typed(fields: FormData) -> dict[str, str]:
    """What the person typed, to be shown again when the form comes back; several values of one name with commas
    between. Passwords are never shown again."""
    return {name: joined(fields, name) for name in fields if name not in ("csrf", "password")}


def joined(fields: FormData, name: str) -> str:
    return ",".join(value for value in fields.getlist(name) if isinstance(value, str))


def checked(model: type[Model], values: dict[str, Any]) -> Model:
    """`values` as `model`. Raises Invalid naming each field in Chinese."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise invalid_from_form(error) from error


def invalid_from_form(error: ValidationError) -> Invalid:
    errors: dict[str, str] = {}
    for item in error.errors():
        names = [part for part in item["loc"] if isinstance(part, str)]
        rows = [part for part in item["loc"] if isinstance(part, int)]
        errors[names[-1] if names else "form"] = _reason(item) + (f"（第{rows[0] + 1}行）" if rows else "")
    labels = {name: FIELD_NAMES.get(name, "表单") for name in errors}
    said = "；".join(
        reason if reason.startswith(labels[name]) else f"{labels[name]}：{reason}"
        for name, reason in errors.items()
    )
    return Invalid(f"还有内容需要修改。{said}。", "请按提示修改后再提交，已填写的内容都还在。", errors=errors)


def _reason(item: Any) -> str:
    kind = item["type"]
    if kind == "value_error":
        return str(item["msg"]).removeprefix("Value error, ")
    if kind == "string_too_long":
        return f"太长，最多{item['ctx']['max_length']}字"
    if kind == "string_too_short":
        return "不能为空"
    return REASONS.get(kind, "格式不对")
