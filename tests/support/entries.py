"""A small made-up library for the tests: twelve entries of six units."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit
from qa_service.library import service
from qa_service.library.service import Content

LAST_DAY = date(2099, 12, 31)

# key: (unit, topic, question, answer, basis, phrasings)
SAMPLE: dict[str, tuple[str, str, str, str, tuple[str, str, str], tuple[str, ...]]] = {
    "jobless-conditions": (
        "rsj", "社会保险", "领取失业保险金需要符合哪些条件？",
        "失业前单位和本人缴费满一年，非因本人意愿中断就业，并已办理失业登记、有求职要求的，可以领取失业保险金。",
        ("失业保险条例", "1999-01-22", "第十四条"), ("被公司辞退了能不能领失业金", "自己辞职给不给失业补助"),
    ),
    "jobless-length": (
        "rsj", "社会保险", "失业保险金最长可以领取多少个月？",
        "按累计缴费时间确定，最长二十四个月。缴费满一年不足五年的最长十二个月。",
        ("失业保险条例", "1999-01-22", "第十七条"), ("失业金能拿多久", "交了三年社保失业能领几个月的钱"),
    ),
    "injury-claim": (
        "rsj", "社会保险", "工伤认定申请应当在多长时间内提出？",
        "用人单位应当自事故伤害发生之日起三十日内提出；单位没有提出的，职工可以在一年内直接申请。",
        ("工伤保险条例", "2010-12-20", "第十七条"), ("上班摔伤了啥时候去报工伤", "单位不给报工伤怎么办"),
    ),
    "paid-leave": (
        "rsj", "工资与休假", "职工一年可以享受几天带薪年休假？",
        "累计工作满一年不满十年的五天，满十年不满二十年的十天，满二十年的十五天。",
        ("职工带薪年休假条例", "2007-12-14", "第三条"), ("年假有几天", "工作八年了年休假怎么算"),
    ),
    "minimum-living": (
        "mzj", "社会救助", "怎样申请最低生活保障？",
        "共同生活的家庭成员向户籍所在地乡镇人民政府提出书面申请，书面申请有困难的可以委托村民委员会代为提出。",
        ("社会救助暂行办法", "2019-03-02", "第十一条"), ("低保咋办", "家里穷想吃低保找谁"),
    ),
    "temporary-help": (
        "mzj", "社会救助", "遇到火灾等突发困难可以申请什么救助？",
        "因火灾、交通事故等意外事件导致基本生活暂时出现严重困难的家庭，可以向乡镇人民政府申请临时救助。",
        ("社会救助暂行办法", "2019-03-02", "第四十七条"), ("家里着火了政府管不管", "突然出事没钱了能不能救助一下"),
    ),
    "provident-rent": (
        "zjj", "住房与公积金", "租房可以提取住房公积金吗？",
        "房租超出家庭工资收入规定比例的，职工可以提取本人账户内的住房公积金。",
        ("住房公积金管理条例", "2019-03-24", "第二十四条"), ("公积金能不能取出来交房租", "租房子住公积金可以拿出来用不"),
    ),
    "property-title": (
        "zjj", "不动产登记", "办理不动产登记需要多长时间？",
        "登记机构应当自受理申请之日起三十个工作日内办结，法律另有规定的除外。",
        ("不动产登记暂行条例", "2024-03-10", "第二十条"), ("房产证多久能办下来", "办房本要等几天"),
    ),
    "open-business": (
        "scj", "企业开办与注销", "个体工商户办理登记要提交哪些材料？",
        "申请登记应当提交申请书、申请人身份证明和经营场所使用证明。",
        ("促进个体工商户发展条例", "2022-10-01", "第十二条"), ("开个小店要什么手续", "想摆个早餐铺办执照带啥材料"),
    ),
    "consumer-return": (
        "scj", "消费维权", "网上买的东西七天内可以退货吗？",
        "经营者采用网络方式销售商品，消费者有权自收到之日起七日内退货，且无须说明理由，定作、鲜活易腐等商品除外。",
        ("消费者权益保护法", "2013-10-25", "第二十五条"), ("网购后悔了能退不", "快递收到不喜欢可以退货吗"),
    ),
    "disclosure-apply": (
        "zfb", "政府信息公开申请", "怎样申请政府信息公开？",
        "向行政机关的政府信息公开工作机构提出，写明姓名、身份证明、联系方式，所需信息的名称或者特征，以及形式要求。",
        ("政府信息公开条例", "2019-04-03", "第二十九条"), ("想要政府的文件怎么申请", "信息公开申请咋写"),
    ),
    "one-time-notice": (
        "zwj", "政务服务", "办事材料不齐全时窗口应当怎样告知？",
        "应当一次性书面告知需要补正的全部内容，不得分次告知。",
        ("优化营商环境条例", "2019-10-22", "第三十六条"), ("跑了好几趟都说材料不够怎么回事", "缺材料能不能一次说清楚"),
    ),
}  # fmt: skip


def content(
    unit_id: int,
    *,
    topic: str = "社会保险",
    question: str = "灵活就业人员怎样参加养老保险？",
    answer: str = "可以自愿参加，由个人缴纳基本养老保险费。",
    **changes: object,
) -> Content:
    """Content that may be published, with what the test wants different."""
    whole: dict[str, object] = {
        "basis": ({"law": "社会保险法", "version": "2018-12-29", "article": "第十条"},),
        "phrasings": ({"text": "没有单位能自己交社保吗", "origin": "采编"},),
        "review_due": LAST_DAY,
    }
    return Content(question, answer, unit_id, topic, **{**whole, **changes})  # type: ignore[arg-type]


def publish_sample(session: Session) -> None:
    """The sample library, published."""
    units = {unit.code: unit.id for unit in session.scalars(select(Unit))}
    for key, (unit, topic, question, answer, (law, version, article), phrasings) in SAMPLE.items():
        made = Content(
            question, answer, units[unit], topic, basis=({"law": law, "version": version, "article": article},),
            phrasings=tuple({"text": text, "origin": "采编"} for text in phrasings), review_due=LAST_DAY,
        )  # fmt: skip
        service.import_published(
            session, None, key, service.check_content(session, made, for_publication=True), "测试"
        )
