"""The word lists: well-formed, without contradictions, and understood by jieba as meant."""

from pathlib import Path

import jieba
import pytest

LEXICON = Path(__file__).resolve().parents[2] / "corpus" / "lexicon"
TERM_LINES = (LEXICON / "terms.txt").read_text("utf-8").splitlines()
TERMS = [line.split(" ")[0] for line in TERM_LINES]
PAIR_LINES = (LEXICON / "synonyms.tsv").read_text("utf-8").splitlines()
PAIRS = [tuple(line.split("\t")) for line in PAIR_LINES]
STOPWORDS = (LEXICON / "stopwords.txt").read_text("utf-8").splitlines()


@pytest.fixture(scope="module")
def general() -> jieba.Tokenizer:
    """jieba as it comes."""
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    return tokenizer


@pytest.fixture(scope="module")
def tokenizer() -> jieba.Tokenizer:
    """jieba with the policy terms."""
    tokenizer = jieba.Tokenizer()
    tokenizer.load_userdict(str(LEXICON / "terms.txt"))
    return tokenizer


def test_there_are_enough() -> None:
    assert len(TERMS) >= 700
    assert len(PAIRS) >= 350
    assert len(STOPWORDS) >= 150


@pytest.mark.parametrize("name", ["terms.txt", "synonyms.tsv", "stopwords.txt"])
def test_lines_are_clean_and_not_repeated(name: str) -> None:
    lines = (LEXICON / name).read_text("utf-8").split("\n")
    assert lines.pop() == ""
    assert all(line and line == line.strip() for line in lines)
    assert sorted(lines) == sorted(set(lines))


def test_a_term_is_word_frequency_tag() -> None:
    for line in TERM_LINES:
        word, frequency, tag = line.split(" ")
        assert word and tag == "n"
        assert int(frequency) >= 2000
    assert len(set(TERMS)) == len(TERMS)


def test_a_pair_is_two_words_and_a_tab() -> None:
    for line in PAIR_LINES:
        assert line.count("\t") == 1 and " " not in line
    assert all(said and official and said != official for said, official in PAIRS)


def test_an_official_term_is_not_itself_everyday_speech() -> None:
    assert {said for said, _ in PAIRS} & {official for _, official in PAIRS} == set()


def test_a_stop_word_is_neither_a_term_nor_everyday_speech_for_one() -> None:
    assert set(STOPWORDS) & {*TERMS, *(word for pair in PAIRS for word in pair)} == set()


def test_every_official_term_is_a_word(general: jieba.Tokenizer) -> None:
    unknown = {official for _, official in PAIRS if official not in TERMS and not general.FREQ.get(official)}
    assert unknown == set()


def test_every_term_and_everyday_word_stays_whole(tokenizer: jieba.Tokenizer) -> None:
    words = {*TERMS, *(word for pair in PAIRS for word in pair)}
    assert [word for word in words if tokenizer.lcut(word) != [word]] == []


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("不动产权证书遗失后如何补发", ["不动产权证书"]),
        ("从外地回来要办城乡居民基本医疗保险关系转移吗", ["城乡居民基本医疗保险"]),
        ("城市居民最低生活保障的申请由谁受理", ["城市居民最低生活保障"]),
        ("住房公积金管理中心几天内作出决定", ["住房公积金管理中心"]),
        ("政府信息公开申请接收回执丢了还能查办理进度吗", ["政府信息公开申请接收回执", "办理进度"]),
        ("被公司辞退了能不能领失业保险金", ["辞退", "失业保险金"]),
        ("进城务工人员随迁子女就近入学", ["进城务工人员随迁子女", "就近入学"]),
        ("房产证过户要带啥", ["房产证", "过户", "要带啥"]),
        ("个体户开店营业执照怎么办", ["个体户", "开店", "营业执照"]),
        ("职工带薪年休假没休完", ["职工带薪年休假"]),
    ],
)
def test_terms_stay_whole_in_a_sentence(tokenizer: jieba.Tokenizer, sentence: str, words: list[str]) -> None:
    found = tokenizer.lcut(sentence)
    assert [word for word in words if word not in found] == []


@pytest.mark.parametrize(
    ("said", "official"),
    [
        ("低保", {"最低生活保障"}),
        ("房产证", {"不动产权证书"}),
        ("新农合", {"城乡居民基本医疗保险"}),
        ("失业金", {"失业保险金"}),
        ("暂住证", {"居住证"}),
        ("五险一金", {"社会保险", "住房公积金"}),
        ("准生证", {"生育登记"}),
        ("12345", {"政务服务便民热线"}),
    ],
)
def test_everyday_words_lead_to_official_terms(said: str, official: set[str]) -> None:
    assert {target for word, target in PAIRS if word == said} == official
