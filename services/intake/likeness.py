"""Names as they are compared: without case and accents, by their sound, by single slips of the hand. Pure.

Names reach the office by ear, through passports of several scripts, and by hands in a hurry: Mohammed is Muhamad,
Müller Mueller, Muster Mutser.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from rapidfuzz.distance import OSA

_WORD: Final = re.compile(r"[^\W_]+")
_SPELT_OUT: Final = re.compile(r"(?<=[aou])e")
_UNDECOMPOSED: Final = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "æ": "a", "œ": "o", "þ": "th"})
_LATIN: Final = re.compile(r"[a-z]+")


def plain(text: str) -> str:
    """Without case and accents: "Müller-Álvarez" gives muller-alvarez."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return letters.casefold().translate(_UNDECOMPOSED)


def words(*texts: str) -> tuple[str, ...]:
    """The different words of some texts, as they are looked for: "Müller-Álvarez" gives muller, alvarez.

    A spelt-out umlaut is as good as its dots: Goe, Gö and Go are the same, and so are their beginnings.
    """
    return tuple(dict.fromkeys(_SPELT_OUT.sub("", word) for word in _WORD.findall(plain(" ".join(texts)))))


def sound(word: str) -> str:
    """What a word of ``words`` sounds like: its Cologne phonetics (H. J. Postel, IBM-Nachrichten 19, 1969).

    A word of another script sounds like itself; a number, too, and like no word whose code it might be.
    """
    if _LATIN.fullmatch(word) is None:
        return f"#{word}" if word.isdecimal() else word
    code = [digit for digit, _ in groupby("".join(_digits(word)))]
    return "".join(code[:1] + [digit for digit in code[1:] if digit != "0"])


def _digits(word: str) -> Iterator[str]:
    for n, letter in enumerate(word):
        before, after = word[n - 1 : n], word[n + 1 : n + 2]
        match letter:
            case "h":
                yield ""
            case "a" | "e" | "i" | "j" | "o" | "u" | "y":
                yield "0"
            case "b":
                yield "1"
            case "p":
                yield "3" if after == "h" else "1"
            case "d" | "t":
                yield "8" if after and after in "csz" else "2"
            case "f" | "v" | "w":
                yield "3"
            case "g" | "k" | "q":
                yield "4"
            case "c":
                yield _c(before, after)
            case "x":
                yield "8" if before and before in "ckq" else "48"
            case "l":
                yield "5"
            case "m" | "n":
                yield "6"
            case "r":
                yield "7"
            case _:
                yield "8"


def _c(before: str, after: str) -> str:
    hard = "ahkloqrux" if not before else "ahkoqux"
    return "4" if after and after in hard and before not in ("s", "z") else "8"


def resembles(one: str, other: str) -> bool:
    """Whether two words differ by so few slips (a letter missing, too many, wrong, two swapped) that they may be the
    same (their optimal string alignment): one in words of four or five letters, two in longer ones, none in shorter
    ones."""
    shorter = min(len(one), len(other))
    most = 0 if shorter < 4 else 1 if shorter < 6 else 2
    return OSA.distance(one, other, score_cutoff=most) <= most
