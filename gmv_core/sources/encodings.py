"""Text of an encoding that nobody names: label tables, and names in old zips.

UTF-8 first; then what its words look like: of one script, in the usual case and with letters as
frequent as in its languages, or spelt with the letters of one Latin language. What fits neither is
left to `charset-normalizer`, between East Asian encodings and the Western one.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress

WESTERN = "cp1252"
_MOSTLY = 0.8
_UNKNOWN = -0.5  # the frequency of letters that a language has not among its usual ones
_OF_ONE = 0.25  # what counts that Western words are of one language
_EAST_ASIAN = ("cp932", "gb18030", "euc_kr", "big5")
_NAMED = re.compile(rb"#[^\r\n]*?coding[:=]\s*([A-Za-z0-9_.-]+)")
_HALF_WIDTH, _KANA = re.compile("[\uff61-\uff9f]"), re.compile("[\u3041-\u30fa]{2}")
# Words of one script, with no capital letter but the first: read wrongly they come out mixed.
_CYRILLIC = (
    re.compile("[Ѐ-ЯҐ]?(?=[а-џ]*[аеиоуъыэюяѐёєії])[а-џґ]+"),
    ("Russian", "Ukrainian", "Bulgarian", "Serbian"),
)
_SCRIPTS = {
    "cp1251": _CYRILLIC,
    "koi8_u": _CYRILLIC,
    "cp866": _CYRILLIC,
    "iso8859_5": _CYRILLIC,
    "cp1253": (re.compile("[Α-ΩΆΈΉΊΌΎΏ]?[α-ρσ-ωάέήίόύώϊϋΐΰ]+ς?"), ("Greek",)),
    "cp1255": (re.compile("[אבגדהוזחטיכלמנסעפצקרשת]+[ךםןףץ]?"), ("Hebrew",)),
    "cp1256": (re.compile("[ء-غف-يپچژگ]+"), ("Arabic", "Farsi")),
}
# Words in small letters of Latin languages, by the encodings that their tables come in.
_WESTERN = tuple(
    re.compile(word)
    for word in (
        "[a-zäöüß]+", "[a-zàâçèéêëîïôœùûü]+", "[a-záéíñóúü]+", "[a-zåäéö]+", "[a-zåéæø]+",
        "(?:[a-zàáâçéêíóôú]|ã(?=[eo]|$)|õ(?=e))+", "[a-z]*[àèéìòù]", "[a-zéëïóöü]+",
        "[a-zàçèéíïòóúü]+", "[a-zäöšž]+",
    )
)  # fmt: skip
_CENTRAL = tuple(
    re.compile(f"[a-z{letters}]+")
    for letters in (
        "óąćęłńśźż", "áéíóúýčďěňřšťůž", "áéíóöúüőű", "áäéíóôúýčďĺľňŕšťž", "âîăşţ", "ćčđšž",
    )
)  # fmt: skip
# Where two fit equally, the first one is taken: Icelandic has the places of Turkish letters.
_LATIN = {
    "cp1254": (re.compile("[a-zâçîöûüğış\u0307]+"),),
    "cp1250": _CENTRAL,
    "iso8859_2": _CENTRAL,
    "cp1257": tuple(
        re.compile(f"[a-z{letters}]+") for letters in ("āčēģīķļņšūž", "ąčęėįšųūž", "äõöüšž")
    ),
    WESTERN: (re.compile("[a-záæéíðóöúýþ]+"),),
}
LATIN = frozenset([WESTERN, *_LATIN])
_BETWEEN_WORDS = re.compile("[\x00-@\\[-`{-\x7f\xa0‘’‚“”„‹›«»–—…€°·§©®™]+")


def decoded_text(content: bytes) -> tuple[str, str]:
    """Decode text, with or without a byte order mark; never fails.

    Returns it, and its encoding where that was guessed by the letters, else "". A first line that
    names one ("# encoding: cp1250") is believed.
    """
    with suppress(LookupError, UnicodeError):
        return content.decode(_named(content)), ""
    if content.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return content.decode("utf-32", "replace"), ""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace"), ""
    with suppress(StopIteration, UnicodeError):
        return content.decode(next(_unmarked_utf16(content[:1000]))), ""
    try:
        return content.decode("utf-8-sig"), ""
    except UnicodeDecodeError:
        pass
    telling = b"\n".join({line for line in content.splitlines() if not line.isascii()})
    guess = guess_encoding(telling[:100_000])
    return _decoded(content, guess), guess


def _unmarked_utf16(start: bytes) -> Iterator[str]:
    """Yield the UTF-16 of text without a byte order mark, by the zeros of its ASCII letters."""
    for high, low, codec in (
        (start[1::2], start[::2], "utf-16-le"),
        (start[::2], start[1::2], "utf-16-be"),
    ):
        if high.count(0) > _MOSTLY * len(high) and 0 not in low:
            yield codec


def _named(content: bytes) -> str:
    """Return the encoding that a first line names; raise LookupError for none, or no usual one."""
    from charset_normalizer.constant import IANA_SUPPORTED

    found = _NAMED.match(content)
    codec = codecs.lookup(found[1].decode() if found else "")
    if codec.name.replace("-", "_") not in IANA_SUPPORTED:  # others may take quadratic time
        raise LookupError
    return codec.name


def guess_encoding(telling: bytes) -> str:
    """Return the encoding of text that is no UTF-8. telling: its parts that are not ASCII."""
    foreign = bool(_foreign_words(_decoded(telling, WESTERN)))
    return _by_script(telling) or _by_spelling(telling) or _by_look(telling, foreign)


def _by_script(telling: bytes) -> str:
    """Return the encoding in which nearly all is usual words of a script, "" for none.

    Of several the one whose letters are the most frequent ones of a language of that script.
    """
    ranks = dict[str, float]()
    for encoding, (word, languages) in _SCRIPTS.items():
        text = _decoded(telling, encoding)
        others = re.sub(r"[\x00-\x7f]", "", text)
        usual = "".join(w for w in _foreign_words(text) if word.fullmatch(w))
        if len(usual) > _MOSTLY * len(others):
            ranks[encoding] = max(_frequency(usual, language) for language in languages)
    return max(ranks, key=ranks.__getitem__, default="")


def _frequency(letters: str, language: str) -> float:
    """Return how frequent letters are in a language, on average: 1 for its most frequent one."""
    from charset_normalizer.constant import FREQUENCIES

    ranked = FREQUENCIES[language]
    places = {letter: 1 - place / len(ranked) for place, letter in enumerate(ranked)}
    plain = (places.get(c) or places.get(unicodedata.normalize("NFD", c)[0], _UNKNOWN)
             for c in letters.lower())  # fmt: skip
    return sum(plain) / len(letters)


def _by_spelling(telling: bytes) -> str:
    """Return the encoding in which nearly all words are spelt as in one Latin language, or "".

    Tables in Western languages often mix them: there, words of any count nearly as much.
    """
    words = _words(telling, WESTERN)
    fits = [_spelt(language, words) for language in _WESTERN]
    best, several = max(map(len, fits)), len(set[str]().union(*fits))
    shares = {WESTERN: (_OF_ONE * best + (1 - _OF_ONE) * several) / max(len(words), 1)}
    for encoding, languages in _LATIN.items():
        words = _words(telling, encoding)
        most = max(len(_spelt(language, words)) for language in languages)
        shares[encoding] = max(shares.get(encoding, 0.0), most / max(len(words), 1))
    guess = max(shares, key=shares.__getitem__)
    return guess if shares[guess] >= _MOSTLY else ""


def _words(telling: bytes, encoding: str) -> set[str]:
    """Return the words of three letters and more that are not ASCII, with other signs in them."""
    words = _BETWEEN_WORDS.split(_decoded(telling, encoding))
    return {word for word in words if len(word) > 2 and not word.isascii()}


def _spelt(language: re.Pattern[str], words: set[str]) -> set[str]:
    """Return which words are of a language, with capitals only where they are usual."""
    return {
        word
        for word in words
        if language.fullmatch(word.lower()) and (word[1:].islower() or word[1:] == word[1:].upper())
    }


def _by_look(telling: bytes, foreign: bool) -> str:
    """Return the encoding of which `charset-normalizer` finds the letters least chaotic."""
    from charset_normalizer import from_bytes

    order = (*_EAST_ASIAN, WESTERN) if foreign else (WESTERN, *_EAST_ASIAN)
    matches = from_bytes(telling, cp_isolation=list(order), threshold=1)
    looks = {match.encoding: match for match in matches}
    known = [e for e in order if e in looks and not _HALF_WIDTH.search(str(looks[e]))]
    guess = min(known, key=lambda e: (looks[e].chaos, order.index(e)), default=WESTERN)
    if guess in _EAST_ASIAN and guess != "cp932" and _is_euc_jp(telling):
        return "euc_jp"
    return guess


def _is_euc_jp(telling: bytes) -> bool:
    """Whether some bytes are words with kana, which Chinese and Korean encodings have elsewhere."""
    try:
        return bool(_KANA.search(telling.decode("euc_jp")))
    except UnicodeDecodeError:
        return False


def _foreign_words(text: str) -> list[str]:
    """Return the words of two letters and more of which no letter is ASCII."""
    return [w for w in re.findall(r"[^\W\d_]{2,}", text) if not re.search(r"[A-Za-z]", w)]


def _decoded(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return content.decode("latin-1")
