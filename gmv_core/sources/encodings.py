"""Text of an encoding that nobody names: label tables, and names in old zips.

UTF-8 first; then what the letters look like. Cyrillic and Greek are known by words of their own
letters in the usual case, other scripts by `charset-normalizer`; everything else is Western.
"""

from __future__ import annotations

import re

# Words of one script, with no capital letter but the first: read wrongly they come out mixed.
_SCRIPTS = {
    "cp1251": re.compile(r"[А-ЯЁ]?[а-яё]+"),
    "koi8_r": re.compile(r"[А-ЯЁ]?[а-яё]+"),
    "cp866": re.compile(r"[А-ЯЁ]?[а-яё]+"),
    "cp1253": re.compile(r"[Α-ΩΆΈΉΊΌΎΏ]?[α-ωάέήίόύώϊϋΐΰς]+"),
}
WESTERN = "cp1252"
_MOSTLY = 0.8
_EAST_ASIAN = ("cp932", "gb18030", "euc_kr", "big5")
_HALF_WIDTH = re.compile("[\uff61-\uff9f]")


def guess_text(content: bytes) -> str:
    """Decode text, with or without a byte order mark; never fails."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    telling = b"\n".join({line for line in content.splitlines() if not line.isascii()})
    return _decoded(content, guess_encoding(telling[:100_000]))


def guess_encoding(telling: bytes) -> str:
    """Return the encoding of text that is no UTF-8. telling: its parts that are not ASCII."""
    foreign = _foreign_words(_decoded(telling, WESTERN))
    for encoding, word in _SCRIPTS.items() if foreign else ():
        text = _decoded(telling, encoding)
        others = re.sub(r"[\x00-\x7f]", "", text)
        usual = [w for w in _foreign_words(text) if word.fullmatch(w)]
        if sum(map(len, usual)) > _MOSTLY * len(others):
            return encoding
    from charset_normalizer import from_bytes

    order = (*_EAST_ASIAN, WESTERN) if foreign else (WESTERN, *_EAST_ASIAN)
    matches = from_bytes(telling, cp_isolation=list(order), threshold=1)
    looks = {match.encoding: match for match in matches}
    known = [e for e in order if e in looks and not _HALF_WIDTH.search(str(looks[e]))]
    return min(known, key=lambda e: (looks[e].chaos, order.index(e)), default=WESTERN)


def _foreign_words(text: str) -> list[str]:
    """Return the words of two letters and more of which no letter is ASCII."""
    return [w for w in re.findall(r"[^\W\d_]{2,}", text) if not re.search(r"[A-Za-z]", w)]


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("latin-1")
