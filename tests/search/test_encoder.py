"""One contract for every encoder, parity of the int8 form, and what a broken folder says."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from qa_service.search.adapter import (
    MATCHING,
    OFFSET,
    POOLING,
    PROJECT,
    adapted,
    first_layer,
    load_adapter,
    save_adapter,
)
from qa_service.search.encoder import open_encoder
from qa_service.search.encoder_build import build_encoder, build_tokenizer, keep_piece, kept_ids, plain_bert
from qa_service.search.encoder_files import (
    ADAPTER,
    ADAPTER_MARK,
    MANIFEST,
    PROMPTS,
    adapter_digest,
    folder_fingerprint,
    read_judge,
)
from qa_service.search.errors import EncoderMissing
from qa_service.search.judge import FEATURES, OFFER_FEATURES, Judge
from qa_service.search.onnx_encoder import OnnxEncoder
from qa_service.search.q4 import dequantise, find_weight_file, read_q4
from qa_service.search.st_encoder import SentenceTransformerEncoder, choose_prompts
from qa_service.search.types import Encoder

TOPICS = [
    "身份证丢了怎么补办", "老人高龄津贴一个月多少钱", "公司注销要交哪些材料", "孩子上小学怎么报名",
    "住房公积金可以提取几次", "离婚登记有没有冷静期", "外地户口能办居住证吗", "医保卡余额在哪里查询",
    "被拖欠工资找谁投诉", "退休金每年什么时候上涨", "驾驶证到期如何换领", "生育津贴按什么标准发放",
    "农村宅基地可以转让吗", "申请法律援助的条件", "残疾人乘公交免费吗", "房屋过户需要缴什么税",
    "个体户怎么开发票", "失业保险金能领几个月", "工伤认定超过期限怎么办", "火车票退票手续费",
    "政府信息公开申请多久答复", "对答复不服如何行政复议", "小区停车位归谁所有", "物业费可以不交吗",
    "新生儿落户带什么证件", "护照加急办理需要几天", "食品过期如何举报", "噪音扰民打什么电话",
    "办理营业执照收费吗", "劳动合同到期不续签有补偿吗",
]  # fmt: skip
ANSWERS = [f"关于{topic}：请携带有效证件到政务服务中心窗口办理，详情可拨打咨询电话。" for topic in TOPICS]


@pytest.fixture(scope="session")
def served(encoder_folder: Path) -> OnnxEncoder:
    return OnnxEncoder(encoder_folder / "onnx")


@pytest.fixture(scope="session")
def reference(encoder_folder: Path) -> SentenceTransformerEncoder:
    return SentenceTransformerEncoder(encoder_folder / "st")


@pytest.fixture(params=["served", "reference"])
def any_encoder(request: pytest.FixtureRequest) -> Encoder:
    encoder: Encoder = request.getfixturevalue(request.param)
    return encoder


def test_rows_are_unit_length_float32_in_the_given_order(any_encoder: Encoder) -> None:
    texts = ["短", "这是一个长得多的问题，" * 12, "中等长度的问题怎么办", "短"]
    for encode in (any_encoder.encode_queries, any_encoder.encode_passages):
        together = encode(texts)
        assert together.shape == (4, any_encoder.dim) and together.dtype == np.float32
        assert np.linalg.norm(together, axis=1) == pytest.approx(np.ones(4), abs=1e-4)
        alone = np.concatenate([encode([text]) for text in texts])
        assert (together * alone).sum(axis=1).min() > 0.985
        assert (together @ alone.T).argmax(axis=1).tolist()[1:3] == [1, 2]


def test_no_texts_give_no_rows(any_encoder: Encoder) -> None:
    assert any_encoder.encode_queries([]).shape == (0, any_encoder.dim)


def test_the_same_call_gives_the_same_vectors(any_encoder: Encoder) -> None:
    assert np.array_equal(any_encoder.encode_queries(TOPICS[:5]), any_encoder.encode_queries(TOPICS[:5]))


def test_a_vector_does_not_depend_on_what_is_encoded_with_it(served: OnnxEncoder) -> None:
    texts = ["居住证怎么办", "失业保险金领取条件和期限以及需要提交的材料" * 8, "好"]
    together = served.read_many("passage", texts)
    for text, reading in zip(texts, together, strict=True):
        alone = served.read_many("passage", [text])[0]
        assert np.array_equal(alone.vector, reading.vector) and np.array_equal(alone.states, reading.states)
        assert np.allclose(served.encode_passages([*texts, text])[-1], alone.vector, atol=1e-6)


def test_question_and_passage_prompts_differ(any_encoder: Encoder) -> None:
    query, passage = any_encoder.encode_queries(TOPICS[:3]), any_encoder.encode_passages(TOPICS[:3])
    assert (query * passage).sum(axis=1).max() < 0.9999


@pytest.mark.parametrize("text", ["", " ", "😀", "\u200b", "𠀀" * 30, "a" * 3000, "<b>'; DROP TABLE x;--"])
def test_odd_texts_have_vectors(any_encoder: Encoder, text: str) -> None:
    vector = any_encoder.encode_queries([text])[0]
    assert np.isfinite(vector).all() and np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-4)


def test_text_beyond_512_tokens_is_cut(any_encoder: Encoder) -> None:
    text = "办理居住证。" * 200
    first, second = (
        any_encoder.encode_passages([text]),
        any_encoder.encode_passages([text + "完全不同的结尾" * 50]),
    )
    assert float((first * second).sum()) > 0.9999


def test_like_questions_are_nearer_than_unlike_ones(any_encoder: Encoder) -> None:
    vectors = any_encoder.encode_queries(["身份证丢了怎么办", "身份证遗失如何补领", "物业费为什么这么贵"])
    assert float(vectors[0] @ vectors[1]) > float(vectors[0] @ vectors[2]) + 0.03


def test_int8_agrees_with_the_reference(served: OnnxEncoder, reference: SentenceTransformerEncoder) -> None:
    ours, theirs = served.encode_queries(TOPICS), reference.encode_queries(TOPICS)
    # Measured against how far apart different questions are: that distance is what a ranking lives on.
    apart = 1 - float((theirs @ theirs.T)[np.triu_indices(len(TOPICS), 1)].mean())
    assert (1 - (ours * theirs).sum(axis=1)).max() < 0.05 * apart
    passages, exact = served.encode_passages(ANSWERS), reference.encode_passages(ANSWERS)
    assert (1 - (passages * exact).sum(axis=1)).max() < 0.08 * apart
    agreement = (ours @ passages.T).argmax(axis=1) == (theirs @ exact.T).argmax(axis=1)
    assert agreement.mean() >= 0.95
    assert served.fingerprint != reference.fingerprint


def test_token_states_agree_with_the_network_in_full(served: OnnxEncoder) -> None:
    """int8 against float: the token side with its trained layers, less the offset, projected, as cosines."""
    import torch

    model = read_q4(find_weight_file())
    ids = kept_ids(model)
    bert, tokenizer = plain_bert(model, ids).float().eval(), build_tokenizer(model, ids)
    learned = load_adapter(ADAPTER)
    bert.load_state_dict(adapted(bert.state_dict(), learned, MATCHING), strict=True)
    for kind, texts in (("query", TOPICS[:8]), ("passage", ANSWERS[:4])):
        skip = len(tokenizer.encode(PROMPTS[kind]).ids) - 1
        for text, reading in zip(texts, served.read_many(kind, texts), strict=True):
            pieces = torch.tensor([tokenizer.encode(PROMPTS[kind] + text).ids])
            with torch.inference_mode():
                states = bert(input_ids=pieces).last_hidden_state[0, skip:-1].numpy()
            exact = (states - learned[OFFSET]) @ learned[PROJECT]
            cosines = (exact * reading.states).sum(1) / np.linalg.norm(exact, axis=1)
            assert (cosines / np.linalg.norm(reading.states, axis=1)).min() > 0.9
            assert reading.states.shape == (len(reading.pieces), served.token_dim)
            assert "".join(map(served.piece_text, reading.pieces.tolist())) == tokenizer.decode(
                pieces[0, skip:-1].tolist()
            ).replace(" ", "")


def test_a_reading_has_the_vector_of_the_text(served: OnnxEncoder) -> None:
    texts = [*TOPICS[:5], "短", "长得多的一个问题，" * 10]
    vectors = np.array([reading.vector for reading in served.read_many("query", texts)])
    assert (vectors * served.encode_queries(texts)).sum(axis=1).min() > 0.985


def test_a_model_without_a_head_has_no_token_states(reference: SentenceTransformerEncoder) -> None:
    assert reference.token_dim == 0


def test_another_adapter_is_another_model(encoder_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    (folder / "st").mkdir(parents=True)
    (folder / "onnx").mkdir()
    other = tmp_path / "other.safetensors"
    learned = load_adapter(ADAPTER)
    learned[OFFSET] = learned[OFFSET] + 1
    save_adapter(other, learned)
    build_encoder(folder, lambda line: None, adapter=other)
    assert (folder / "st" / ADAPTER_MARK).read_text() == adapter_digest(other) != adapter_digest(ADAPTER)
    assert OnnxEncoder(folder / "onnx").fingerprint != OnnxEncoder(encoder_folder / "onnx").fingerprint


def test_serving_imports_neither_torch_nor_transformers(encoder_folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from qa_service.search.encoder import open_encoder;"
        "from qa_service.search.engine import Engine;"
        f"open_encoder(Path({str(encoder_folder)!r})).encode_queries(['你好']);"
        "print([m for m in ('torch', 'transformers', 'sentence_transformers') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_open_encoder_picks_by_content(encoder_folder: Path, served: OnnxEncoder, tmp_path: Path) -> None:
    assert open_encoder(encoder_folder).fingerprint == served.fingerprint
    assert open_encoder(encoder_folder / "onnx").fingerprint == served.fingerprint
    assert isinstance(open_encoder(encoder_folder / "st"), SentenceTransformerEncoder)
    with pytest.raises(EncoderMissing, match="没有模型"):
        open_encoder(tmp_path)
    with pytest.raises(EncoderMissing):
        open_encoder(tmp_path / "absent")


def test_a_damaged_model_is_reported_not_crashed(encoder_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "onnx"
    shutil.copytree(encoder_folder / "onnx", folder)
    model = folder / "model.onnx"
    model.write_bytes(model.read_bytes()[:5000])
    with pytest.raises(EncoderMissing, match="损坏"):
        OnnxEncoder(folder)


def test_an_unreadable_model_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", "utf-8")
    with pytest.raises(EncoderMissing, match="没有可用"):
        open_encoder(tmp_path)


def test_manifest_fingerprint_is_that_of_the_files(encoder_folder: Path) -> None:
    folder = encoder_folder / "onnx"
    manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
    assert manifest["fingerprint"] == folder_fingerprint(folder, manifest["prompts"])
    assert manifest["fingerprint"] != folder_fingerprint(folder, {"query": "", "passage": ""})


def test_a_second_build_does_nothing(encoder_folder: Path) -> None:
    said: list[str] = []
    build_encoder(encoder_folder, said.append)
    assert len(said) == 1
    assert not list(encoder_folder.glob("*.part"))


def test_prompts_are_the_models_own() -> None:
    assert choose_prompts({"query": "Q: ", "document": "D: "}) == ("Q: ", "D: ")
    assert choose_prompts({"query": "q ", "passage": "p "}) == ("q ", "p ")
    assert choose_prompts({}) == ("", "")


def test_q4_blocks_are_scale_times_nibble_minus_eight() -> None:
    block = np.array([0.5], np.float16).tobytes() + bytes([0x80 + 15] + [0x08] * 15)
    weights = dequantise(block, 32)
    assert weights[0] == 3.5 and weights[16] == 0.0
    assert weights[1] == 0.0 and weights[17] == -4.0
    with pytest.raises(EncoderMissing, match="损坏"):
        dequantise(block, 31)


@pytest.mark.parametrize("content", [b"", b"E5S1", b"nonsense" * 10, b"E5S1\x01\x00\x00\x00" + b"\x01" * 20])
def test_a_file_that_is_not_the_weights_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "weights.bin"
    path.write_bytes(content)
    with pytest.raises(EncoderMissing):
        read_q4(path)


@pytest.mark.parametrize(
    ("piece", "rank", "kept"),
    [
        ("▁办理", 200_000, True), ("，", 9, True), ("2024", 150_000, True), ("▁the", 70, True), ("x", 240_000, True),
        ("▁Wissenschaft", 90_000, False), ("привет", 5_000, False), ("ひらがな", 30_000, False), ("℃", 60_000, True),
    ],
)  # fmt: skip
def test_pieces_kept_are_those_of_chinese_text(piece: str, rank: int, kept: bool) -> None:
    assert keep_piece(piece, rank) is kept


def test_the_bundled_encoder_brings_its_judge(
    served: OnnxEncoder, reference: SentenceTransformerEncoder
) -> None:
    judge, written = served.judge, read_judge()
    assert judge is not None and written is not None and reference.judge is None
    assert judge == Judge.of(written)
    # A wide margin and a near wording speak for a first hit, what it lacks against it; a wide lead for a choice.
    first = dict(zip(FEATURES, judge.first.weights, strict=True))
    offer = dict(zip(OFFER_FEATURES, judge.offer.weights, strict=True))
    assert first["margin"] > 0 and first["wording"] > 0 and first["missing"] < 0
    assert offer["lead"] > 0 and offer["wording"] > 0


def test_another_judge_is_another_build_and_the_same_vectors(tmp_path: Path) -> None:
    adapter = tmp_path / "adapter.safetensors"
    adapter.write_bytes(b"weights")
    assert read_judge(adapter) is None
    alone = adapter_digest(adapter)
    adapter.with_name("judge.json").write_text('{"first": {}}', "utf-8")
    assert read_judge(adapter) == {"first": {}} and adapter_digest(adapter) != alone


def test_each_side_has_its_own_trained_layers() -> None:
    learned = load_adapter(ADAPTER)
    state = {f"encoder.{name}": None for name in learned if name.startswith(POOLING)}
    pooling, matching = (adapted(state, learned, side) for side in (POOLING, MATCHING))
    assert all(value is not None for value in pooling.values())
    both = [name for name, value in matching.items() if value is not None]
    assert both and all((pooling[name] != matching[name]).any() for name in both)
    assert first_layer(learned) == 6
    assert ADAPTER.stat().st_size < 40_000_000
    with pytest.raises(ValueError, match="not of this model"):
        adapted({}, learned, MATCHING)
