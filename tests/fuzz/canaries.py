"""Words that stand in the planted data and nowhere else, each with who may ever read it. A word that turns
up with anybody else, or in a log, a figure or a file, has leaked."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.leaks import found

STEM = "kanarifugl"
# What callers weave into what they send: it may never reach the other municipality, nor stand in clear.
MARKS = {"fjordbyen": "spurvungefjord", "nabokommune": "spurvungenabo"}


@dataclass
class Canaries:
    """The planted words. may: by word, who may read it; told: what it is."""

    may: dict[str, frozenset[str]] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)

    def new(self, what: str, *may: str) -> str:
        """A word of its own for something that these callers may read."""
        return self.known(f"{STEM}{len(self.may):03d}", what, *may)

    def known(self, word: str, what: str, *may: str) -> str:
        """The same for a word that is not ours to choose, as a national id."""
        self.may[word], self.told[word] = frozenset(may), what
        return word

    @property
    def stems(self) -> list[str]:
        """What is looked for where none of them may stand: one of these is in each, and in each mark."""
        return [STEM, *(word for word in self.may if not word.startswith(STEM)), *MARKS.values()]

    def in_answer(self, answer: bytes) -> list[str]:
        """Which of them stand in an answer. Most answers hold none, so the stem is looked for first."""
        told = found(self.stems, answer)
        if STEM in told:
            told += found([word for word in self.may if word.startswith(STEM)], answer)
        return [word for word in told if word != STEM]
