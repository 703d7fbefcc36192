"""The closed classes of Chinese words: particles, pronouns, modal verbs, question words, conjunctions.

They hold a sentence together and say nothing of its matter, so that the comparison of a question with an entry, token by
token, leaves them out. Open-class words, however common, are not among them: they may be what tells two entries apart.
"""

from __future__ import annotations

_CLASSES = (
    "的 了 着 过 得 地 吗 呢 啊 呀 吧 嘛 啦 哦",  # particles
    "我 你 您 他 她 它 咱 我们 你们 他们 她们 它们 咱们 这 那 这个 那个 这些 那些",  # pronouns
    "是 有 在 要 想 能 会 可以 不 没 没有",  # copula, modal verbs, negation
    "什么 怎么 怎么办 怎样 如何 哪 哪个 哪些 多少 请问",  # asking
    "和 跟 与 把 被 给 让 到 就 都 也 还 又 个 一 一个",  # prepositions, conjunctions, adverbs, measures
    "咋 咋整 啥 啥子 么 么子 咋个 点样 嘞 撒 噻",  # the same in dialects
)

FUNCTION_WORDS = frozenset(word for words in _CLASSES for word in words.split())
