"""A small library, a cheap encoder for the engine's tests, and the real one built once a session."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.encoders import CountingEncoder

from qa_service.search.encoder_build import build_encoder
from qa_service.search.types import Document
from qa_service.text.lexicon import Lexicon

SUBJECTS = [
    "社会保障卡", "居住证", "住房公积金", "失业保险金", "不动产权证书", "营业执照", "护照", "法律援助",
    "最低生活保障", "残疾人证", "生育津贴", "工伤认定", "退休手续", "学区划分", "消费投诉",
]  # fmt: skip
ASPECTS = {
    "怎么申请": "携带身份证原件到政务服务大厅综合窗口提出申请，也可以在网上办理。",
    "需要多少钱": "不收取任何费用，制作证件的工本费由财政承担。",
    "要等多久": "自受理之日起十五个工作日内办结，情况复杂的可以延长十个工作日。",
    "在哪里办": "在县政务服务中心二楼八号窗口办理，周一至周五上午九点到下午五点。",
}


def make_library() -> list[Document]:
    """Sixty entries: each subject with four aspects, two phrasings each."""
    documents = []
    for s, subject in enumerate(SUBJECTS):
        for a, (aspect, answer) in enumerate(ASPECTS.items()):
            documents.append(
                Document(
                    id=f"e{s:02d}{a}",
                    question=f"{subject}{aspect}？",
                    answer=f"{subject}：{answer}",
                    phrasings=(f"请问{subject}{aspect}呀", f"我想问下{aspect}，{subject}的"),
                    topic="甲" if s % 2 else "乙",
                    unit=f"单位{s % 3}",
                )
            )
    return documents


@pytest.fixture
def library() -> list[Document]:
    return make_library()


@pytest.fixture(scope="module", params=[0, 24], ids=["pooled", "by-token"])
def token_dim(request: pytest.FixtureRequest) -> int:
    """Engines are tested with an encoder that has token states and with one that has none."""
    dim: int = request.param
    return dim


@pytest.fixture
def encoder(token_dim: int) -> CountingEncoder:
    return CountingEncoder(token_dim=token_dim)


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return Lexicon(
        {"不动产权证书": None, "社会保障卡": 50},
        {"房产证": ("不动产权证书",), "低保": ("最低生活保障",)},
        ["请问", "怎么", "的"],
    )


@pytest.fixture(scope="session")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled encoder, built from the package once a session, or once for ever in QA_TEST_CACHE."""
    cache = os.environ.get("QA_TEST_CACHE")
    folder = Path(cache) if cache else tmp_path_factory.mktemp("cache")
    return build_encoder(folder / "encoder")
