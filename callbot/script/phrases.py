"""How intents are written: ``我(会|一定)付`` stands for 我会付 and 我一定付. Pure."""

import re
from functools import lru_cache
from itertools import product

_CHOICE = re.compile(r"\(([^()]*)\)")


@lru_cache(maxsize=4096)
def expand(phrase: str) -> tuple[str, ...]:
    """All texts a phrase stands for; an empty alternative leaves the place out."""
    parts = _CHOICE.split(phrase)
    options = [[part] if index % 2 == 0 else part.split("|") for index, part in enumerate(parts)]
    return tuple(dict.fromkeys("".join(choice) for choice in product(*options)))
