"""How alike whole sentences are: weighted n-grams of characters and sounds, compared by the angle between them. Pure.

::

    怎么还没给我发货呀 → 怎 么 还 …, 怎么 么还 还没 …, zenme mehai haimei …  → cosine with every known sentence

The known sentences are all the training there is: an n-gram weighs the more the fewer of them have it (TF-IDF, Salton &
Buckley 1988), and what none of them has counts as a middling one, so foreign words push a sentence away. Sentences that
say yes and sentences that say no are never alike: 收到了 is not 没收到. Built once per revision; a look-up costs some
0.2 ms.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from callbot.zh.pinyin import syllables

_PARTICLES = re.compile(r"[啊呀吧呢嘛哦噢啦哈哟诶欸唉哎呃嗯额喔吗么的]|这个|那个|一下|就是")
_SAME = {
    **dict.fromkeys(("啥时候", "何时", "几时", "啥时", "哪时候"), "什么时候"),
    **dict.fromkeys(("多长时间", "多少时间", "几天", "多少天"), "多久"),
    **dict.fromkeys(("如何", "怎样", "咋样", "咋个", "咋", "怎么样"), "怎么"),
    **dict.fromkeys(("能不能", "可不可以", "能否", "可否", "可以", "能够", "行不行"), "能"),
    **dict.fromkeys(("有没有", "有木有", "有无"), "有"),
    **dict.fromkeys(("是不是", "是否"), "是"),
    **dict.fromkeys(("会不会",), "会"),
    **dict.fromkeys(("哪儿", "哪块", "什么地方"), "哪里"),
    **dict.fromkeys(("为啥", "为何", "干嘛"), "为什么"),
    **dict.fromkeys(("啥", "何"), "什么"),
    **dict.fromkeys(("忘了", "忘掉"), "忘记"),
}
_SAME_WORD = re.compile("|".join(sorted(_SAME, key=len, reverse=True)))
"""Question words that mean the same; ``_SAME`` gives the one they are compared as."""
_NOT_NEGATIONS = re.compile(
    r"(.)[不没]\1|(?<=[了过])没有?$|(?<=..)不$|不好意思|没问题|没事|差不多|不错|没错|不过|没关系|不管|不但|不光|要不|好不容易|不得了"
)
"""Where 不 and 没 deny nothing: questions of the form A-not-A, 发货了没, set phrases."""
_NEGATION = re.compile(r"[不没别未甭莫无]")
_CHARACTER, _PAIR, _SOUNDS = 1.0, 0.5, 0.3
"""Weights of a character, of two in a row, and of two sounds in a row: of the four mixes tried the one that parts right
from wrong best on both development lists (tests/data, 2026-11-22); customers change the order of words freely."""
_SHORTEST = 3
"""Characters, particles left out, below which too little can be alike."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Known sentences by their n-grams. ``starts[n]:starts[n + 1]`` of ``rows`` and ``weights`` belong to n-gram n."""

    grams: dict[str, int]
    rarity: NDArray[np.float32]
    unknown: float
    starts: NDArray[np.int64]
    rows: NDArray[np.int64]
    weights: NDArray[np.float32]
    denies: NDArray[np.bool_]

    def scores(self, text: str) -> NDArray[np.float32]:
        """How much ``text`` is like each known sentence, 0 to 1, in their order; 0 where only one of them denies."""
        total = np.zeros(len(self.denies), np.float32)
        length = 0.0
        bare = _bare(text)
        if len(bare) < _SHORTEST:
            return total
        for gram, weight in _grams(bare, syllables(bare)).items():
            number = self.grams.get(gram)
            weight *= self.unknown if number is None else float(self.rarity[number])
            length += weight * weight
            if number is not None:
                part = slice(self.starts[number], self.starts[number + 1])
                total[self.rows[part]] += self.weights[part] * weight
        total[self.denies != denies(text)] = 0.0
        return total / np.float32(length**0.5) if length else total


def build(rows: Sequence[Sequence[str]]) -> Likeness:
    """Make known sentences ready, each given in pieces, which many of them share: that saves most of the pinyin."""
    texts = ["".join(pieces) for pieces in rows]
    counted = [
        _grams(text, [sound for piece in pieces for sound in syllables(_bare(piece))])
        for text, pieces in zip(map(_bare, texts), rows, strict=True)
    ]
    grams: dict[str, int] = {}
    places = np.array([grams.setdefault(gram, len(grams)) for counts in counted for gram in counts], np.int64)
    of = np.repeat(np.arange(len(texts)), [len(counts) for counts in counted])
    weights = np.array([weight for counts in counted for weight in counts.values()], np.float32)
    having = np.bincount(places, minlength=len(grams))
    rarity = np.log((1 + len(texts)) / (1 + having)).astype(np.float32) + np.float32(1)
    weights *= rarity[places]
    lengths = np.sqrt(np.bincount(of, weights.astype(np.float64) ** 2, minlength=len(texts)))
    weights /= lengths[of].astype(np.float32)
    order = np.argsort(places, kind="stable")
    return Likeness(
        grams,
        rarity,
        float(rarity.sum() / max(len(rarity), 1)),
        np.concatenate(([0], np.cumsum(having))),
        of[order],
        weights[order],
        np.array([denies(text) for text in texts], np.bool_),
    )


def denies(text: str) -> bool:
    """Whether a sentence has a negation that denies something."""
    return _NEGATION.search(_NOT_NEGATIONS.sub("", _bare(text))) is not None


def _bare(text: str) -> str:
    return _SAME_WORD.sub(lambda word: _SAME[word[0]], _PARTICLES.sub("", text))


def _grams(bare: str, sounds: Sequence[str]) -> dict[str, float]:
    counts = Counter(bare)
    pairs = Counter(one + other for one, other in pairwise(bare))
    heard = Counter(f"{one} {other}" for one, other in pairwise(sounds))
    return {
        **{gram: _CHARACTER * count for gram, count in counts.items()},
        **{gram: _PAIR * count for gram, count in pairs.items()},
        **{gram: _SOUNDS * count for gram, count in heard.items()},
    }
