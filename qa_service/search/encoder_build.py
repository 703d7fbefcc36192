"""Builds the bundled encoder: 4-bit package weights + our adapter → pruned BERT → sentence-transformers folder → int8 ONNX.

Needs torch, transformers, sentence-transformers and onnx; nothing of it is imported in serving. Takes no
network. Every stage is written to a temporary sibling folder and renamed when complete, so an interrupted
build goes on where it stopped. The result depends only on the weight file and the library versions.
"""

from __future__ import annotations

import json
import logging
import shutil
import unicodedata
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .adapter import MATCHING, OFFSET, PROJECT, Array, adapted, first_layer, load_adapter
from .encoder_files import (
    ADAPTER,
    ADAPTER_MARK,
    MANIFEST,
    MAX_TOKENS,
    PROMPTS,
    adapter_digest,
    folder_fingerprint,
    read_judge,
)
from .q4 import Q4Model, find_weight_file, read_q4
from .st_encoder import hide_progress_bars

Say = Callable[[str], None]

# Latin words beyond this rank are hardly met in Chinese policy text; dropping them halves the vocabulary.
_LATIN_RANK = 20_000
# NFKC maps the full-width tilde to "~", the model's normaliser keeps it; a private-use character hides it.
_TILDE, _TILDE_STAND_IN = "～", "\ue0f5"


def build_encoder(
    folder: Path, say: Say = print, weight_file: Path | None = None, adapter: Path = ADAPTER
) -> Path:
    """Build `folder`/st and `folder`/onnx, whichever is missing or made with another adapter; returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    st, served = folder / "st", folder / "onnx"
    if (st / ADAPTER_MARK).is_file() is False or (st / ADAPTER_MARK).read_text("utf-8") != adapter_digest(
        adapter
    ):
        shutil.rmtree(served, ignore_errors=True)
        shutil.rmtree(st, ignore_errors=True)
    if not st.is_dir():
        say("[1/4] 读取权重文件 …")
        model = read_q4(weight_file or find_weight_file())
        say(f"[2/4] 裁剪词表（{len(model.pieces)} 个词片）并生成 sentence-transformers 模型 …")
        _staged(st, lambda target: _write_sentence_transformer(model, target, say, adapter))
    if not served.is_dir():
        _staged(served, lambda target: _write_onnx(st, target, say, weight_file, adapter))
    say(f"模型已就绪：{folder}")
    return folder


def _staged(target: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary folder and rename it to `target`."""
    draft = target.with_name(target.name + ".part")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    write(draft)
    draft.rename(target)


def keep_piece(piece: str, rank: int) -> bool:
    """Whether a piece can occur in Chinese text: ideographs, digits, symbols, and frequent Latin words."""
    letters = [c for c in piece if unicodedata.category(c).startswith("L") and c != "▁"]
    if not letters:
        return not any(unicodedata.category(c).startswith("M") for c in piece)
    if all(c.isascii() for c in letters):
        return len(letters) == 1 or rank < _LATIN_RANK
    return all(c.isascii() or _is_ideograph(c) for c in letters)


def _is_ideograph(char: str) -> bool:
    code = ord(char)
    return 0x3400 <= code <= 0x9FFF or 0xF900 <= code <= 0xFAFF or 0x20000 <= code <= 0x323AF


def kept_ids(model: Q4Model) -> list[int]:
    """Ids of the pieces to keep, in order. Special pieces and those of the prompts are always among them."""
    forced = {model.bos, model.eos, model.pad, model.unk, len(model.pieces) - 1}
    prompt_pieces = {"▁query", "▁passage", "query", "passage", ":", "▁", "▁:"}
    return [
        index
        for index, piece in enumerate(model.pieces)
        if index in forced or piece in prompt_pieces or keep_piece(piece, index)
    ]


def build_tokenizer(model: Q4Model, ids: list[int]) -> Any:
    """A `tokenizers.Tokenizer` with the kept pieces; what it does to Chinese text equals the full one."""
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, normalizers, pre_tokenizers, processors
    from tokenizers.models import Unigram

    new_id = {old: new for new, old in enumerate(ids)}
    vocabulary = [(model.pieces[i], model.scores[i]) for i in ids]
    tokenizer = Tokenizer(Unigram(vocabulary, new_id[model.unk], False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace(_TILDE, _TILDE_STAND_IN),
            normalizers.Nmt(),
            normalizers.NFKC(),
            normalizers.Replace(_TILDE_STAND_IN, _TILDE),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.WhitespaceSplit(),
            pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always"),
        ]
    )
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme="always")
    bos, eos = new_id[model.bos], new_id[model.eos]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", bos), ("</s>", eos)]
    )
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer.add_special_tokens([*special, AddedToken("<mask>", lstrip=True, special=True)])
    return tokenizer


def _write_sentence_transformer(model: Q4Model, target: Path, say: Say, adapter: Path) -> None:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Normalize, Pooling, Transformer
    from transformers import PreTrainedTokenizerFast

    hide_progress_bars()
    ids = kept_ids(model)
    say(f"      保留 {len(ids)} 个词片")
    fast: Any = PreTrainedTokenizerFast
    tokenizer = fast(
        tokenizer_object=build_tokenizer(model, ids), bos_token="<s>", eos_token="</s>", sep_token="</s>",
        cls_token="<s>", unk_token="<unk>", pad_token="<pad>", mask_token="<mask>",
        model_max_length=MAX_TOKENS, padding_side="right",
    )  # fmt: skip
    bert = plain_bert(model, ids)
    bert.load_state_dict(adapted(bert.state_dict(), load_adapter(adapter)), strict=True)
    plain = target / "plain"
    bert.to(torch.float16).save_pretrained(plain)
    tokenizer.save_pretrained(plain)
    body = Transformer(str(plain), max_seq_length=MAX_TOKENS)
    pooling = Pooling(model.hidden, pooling_mode="mean")
    SentenceTransformer(modules=[body, pooling, Normalize()], prompts=dict(PROMPTS)).save(str(target))
    shutil.rmtree(plain)
    (target / ADAPTER_MARK).write_text(adapter_digest(adapter), "utf-8")


def plain_bert(model: Q4Model, ids: list[int]) -> Any:
    """The package's network as a BertModel with the pieces `ids`."""
    from transformers import BertConfig, BertModel

    config = BertConfig(
        vocab_size=len(ids), hidden_size=model.hidden, num_hidden_layers=model.layers,
        num_attention_heads=model.heads, intermediate_size=model.feed_forward, hidden_act="gelu",
        max_position_embeddings=model.positions, type_vocab_size=model.token_types,
        layer_norm_eps=model.epsilon, pad_token_id=ids.index(model.pad),
    )  # fmt: skip
    bert: Any = BertModel(config)
    bert.load_state_dict(_state(model, ids), strict=True)
    return bert


def _state(model: Q4Model, ids: list[int]) -> dict[str, Any]:
    """The package's tensors under BertModel's names. The pooler, which nothing uses, is zero."""
    import torch

    t = model.tensors
    state: dict[str, Any] = {
        "embeddings.word_embeddings.weight": t["emb.word"][ids],
        "embeddings.position_embeddings.weight": t["emb.pos"],
        "embeddings.token_type_embeddings.weight": t["emb.type"],
        "embeddings.LayerNorm.weight": t["emb.ln.w"],
        "embeddings.LayerNorm.bias": t["emb.ln.b"],
        "pooler.dense.weight": np.zeros((model.hidden, model.hidden), np.float32),
        "pooler.dense.bias": np.zeros(model.hidden, np.float32),
    }
    names = {
        "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
        "ao": "attention.output.dense", "aln": "attention.output.LayerNorm",
        "fi": "intermediate.dense", "fo": "output.dense", "oln": "output.LayerNorm",
    }  # fmt: skip
    for layer in range(model.layers):
        for short, long in names.items():
            state[f"encoder.layer.{layer}.{long}.weight"] = t[f"l{layer}.{short}.w"]
            state[f"encoder.layer.{layer}.{long}.bias"] = t[f"l{layer}.{short}.b"]
    return {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in state.items()}


def _write_onnx(st: Path, target: Path, say: Say, weight_file: Path | None, adapter: Path) -> None:
    say("[3/4] 导出 ONNX …")
    full = target / "full.onnx"
    learned = load_adapter(adapter)
    _export(st, full, read_q4(weight_file or find_weight_file()), learned)
    say("[4/4] 量化为 int8 …")
    _quantise(full, target / "model.onnx")
    full.unlink()
    shutil.copyfile(st / "tokenizer.json", target / "tokenizer.json")
    configured = json.loads((st / "config_sentence_transformers.json").read_text("utf-8"))["prompts"]
    prompts = {kind: configured.get(kind, "") for kind in ("query", "passage")}
    manifest = {
        "dim": int(json.loads((st / "config.json").read_text("utf-8"))["hidden_size"]),
        "token_dim": int(learned[PROJECT].shape[1]),
        "max_tokens": MAX_TOKENS,
        "prompts": prompts,
        "judge": read_judge(adapter),
        "fingerprint": folder_fingerprint(target, prompts),
    }
    (target / MANIFEST).write_text(json.dumps(manifest, ensure_ascii=False, indent=1), "utf-8")


def _export(st: Path, target: Path, model: Q4Model, learned: Mapping[str, Array]) -> None:
    """ids, mask int64 [n, t] → `vector` float32 [n, dim] of length 1 and `tokens` float32 [n, t, token dim]."""
    import torch
    from transformers import BertModel

    hide_progress_bars()
    fork = first_layer(learned)

    class TwoEnded(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            pooling: Any = BertModel.from_pretrained(
                str(st), dtype=torch.float32, attn_implementation="eager", local_files_only=True
            )
            matching = plain_bert(model, kept_ids(model)).to(torch.float32)
            matching.load_state_dict(adapted(matching.state_dict(), learned, MATCHING), strict=True)
            self.embeddings = pooling.embeddings
            self.shared = pooling.encoder.layer[:fork]
            self.pooling, self.matching = pooling.encoder.layer[fork:], matching.encoder.layer[fork:]
            self.project = torch.nn.Parameter(torch.from_numpy(learned[PROJECT]), requires_grad=False)
            self.offset = torch.nn.Parameter(torch.from_numpy(learned[OFFSET]), requires_grad=False)

        def forward(self, ids: Any, mask: Any) -> tuple[Any, Any]:
            hidden = (1.0 - mask[:, None, None, :].to(torch.float32)) * -1e9
            states = through(self.shared, self.embeddings(input_ids=ids), hidden)
            pooled, tokens = through(self.pooling, states, hidden), through(self.matching, states, hidden)
            weight = mask.unsqueeze(-1).to(pooled.dtype)
            mean = (pooled * weight).sum(1) / weight.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1), (tokens - self.offset) @ self.project

    network = TwoEnded().eval()  # without eval the exporter would leave dropout on
    ids = torch.ones((2, 9), dtype=torch.long)
    sizes = {0: "n", 1: "t"}
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter announces its own successor
        torch.onnx.export(
            network, (ids, torch.ones_like(ids)), str(target), dynamo=False, opset_version=17,
            input_names=["ids", "mask"], output_names=["vector", "tokens"],
            dynamic_axes={"ids": sizes, "mask": sizes, "vector": {0: "n"}, "tokens": sizes},
        )  # fmt: skip


def through(layers: Any, states: Any, hidden: Any) -> Any:
    """States after these transformer layers; `hidden` [n, 1, 1, t] is added to the attention's scores."""
    for layer in layers:
        after = layer(states, hidden)
        states = after[0] if isinstance(after, tuple) else after
    return states


def _quantise(full: Path, target: Path) -> None:
    """The transformer to int8; the projection, a thousandth of the work, stays float."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    graph = onnx.load(str(full), load_external_data=False).graph
    head = [node.name for node in graph.node if node.op_type == "MatMul" and node.name.count("/") == 1]
    logging.disable(logging.WARNING)  # it advises a step that changes nothing for this graph
    try:
        quantize_dynamic(
            str(full), str(target), per_channel=True, weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul", "Gather"], nodes_to_exclude=head,
        )  # fmt: skip
    finally:
        logging.disable(logging.NOTSET)
