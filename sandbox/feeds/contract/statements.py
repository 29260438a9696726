"""What a contract says in words: that it says something, names a law that can be looked up, assesses in a sentence.

No program can tell whether a law allows what it is named for. That none is named, and what is missing until one can be
looked up, it can: the law's name, its article, section or number, and its year (in any calendar that offices count in).
"""

import re
from collections.abc import Iterator

FEWEST_WORDS = 5
# What people write where they have nothing to say; without spaces and marks, so that every spelling of it is the same.
NOTHING_SAID = frozenset(
    re.findall(
        r"\w+",
        "na nil none null tba tbc tbd todo xxx xx x pending later unknown nothing ditto idem seeabove asabove seebelow "
        "notapplicable notyet toconfirm tofollow tocome empty blank dummy test placeholder loremipsum sansobjet neant "
        "noaplica ninguno ninguna nenhum entfaellt entfällt keine offen",
    )
)
DONE_LATER = "added agreed assessed completed confirmed decided defined determined discussed done filled provided"
PUT_OFF = re.compile(
    rf"\b(?:tb[acd]|todo|lorem ipsum|to be (?:{'|'.join(DONE_LATER.split())}|specified|supplied|written))\b"
    r"|^(?:see (?:above|below)|as (?:above|below)|same as|pending|awaiting|not applicable|not yet|to (?:follow|come)|"
    r"will be|under (?:discussion|preparation|review)|"
    r"(?:à|a|por) (?:d[ée]finir|d[ée]terminer|pr[ée]ciser|confirm[ae]r|compl[ée]t[ae]r|determinar)|"
    r"sans objet|non applicable|no aplica|sin objeto|entfällt|noch offen)\b"
)
# "No. 12" is a number; any other no is a no.
DENIED = re.compile(
    r"\b(?:no(?! \d)|none|not|never|without|nothing|nobody|cannot|forbid\w*|prohibit\w*|lack\w*|"
    r"kein\w*|nicht|ohne|aucune?|sans|ning[uú]n\w*|nessun\w*|nenhum\w*)\b"
)
PROVISIONS = (
    "article|articles|art|arts|section|sections|sec|s|ss|paragraph|para|clause|chapter|part|schedule|title|regulation|"
    "reg|rule|number|num|no|nr|n|artículo|articulo|artigo|articolo|artikel|absatz|abs|ley|lei|loi|pasal|madde|điều"
)
PROVISION = re.compile(rf"(?:§|第|\b(?:{PROVISIONS})\b)[\W_]{{0,3}}\d|\d\s*[条條조]|\d/\d")
# Years of the common calendar and those of Iran, Nepal and Thailand; or a year of a reign.
YEAR = re.compile(r"(?<!\d)(?:1[3-9]|2[0-6])\d\d(?!\d)|\d\s*年")
WORD = re.compile(r"[^\W\d_]{2,}")
# Characters of scripts that are written without spaces; two of them are about a word.
UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
SECURITY = re.compile(
    r"\b(?:2004/82|2016/681|2025/1[23]|pnr|api|advance passenger|passenger name record\w*|terror\w*|"
    r"(?<!social )securit\w*|sécurité|seguridad|segurança|sicurezza|sicherheit\w*|serious crime)\b"
)


def says_nothing(text: str) -> bool:
    """Tell whether a text is empty, or only what people write to get past a field."""
    squeezed = re.sub(r"[\W_]", "", text.casefold())
    return not squeezed or squeezed in NOTHING_SAID or bool(PUT_OFF.search(_plain(text)))


def names_security(text: str) -> bool:
    """Tell whether a statute is one of security, or of the records that carriers hand over for it."""
    return bool(SECURITY.search(re.sub(r"\s*/\s*", "/", text.casefold())))


def missing_in_law(text: str) -> list[str]:
    """Return what a law lacks before anyone can look it up; nothing where it lacks nothing."""
    if says_nothing(text):
        return ["a law"]
    if DENIED.search(_plain(text)):
        return ["a law that allows it (a no stands in it; name the law alone)"]
    return [what for what, is_there in _parts_of_law(text.casefold()) if not is_there]


def missing_in_sentence(text: str) -> str:
    """Return what keeps a text from saying something by itself; empty where nothing does."""
    if says_nothing(text):
        return "says nothing yet"
    words = len({word.casefold() for word in WORD.findall(UNSPACED.sub(" ", text))}) + len(UNSPACED.findall(text)) // 2
    return "" if words >= FEWEST_WORDS else f"has {words} different words, a sentence has {FEWEST_WORDS} or more"


def _parts_of_law(lower: str) -> Iterator[tuple[str, bool]]:
    own = [word for word in WORD.findall(lower) if word not in PROVISIONS.split("|")]
    yield "its name", any(len(word) >= 4 for word in own) or bool(UNSPACED.search(lower) or re.search(r"\d/\d", lower))
    yield "its article, section or number", bool(PROVISION.search(lower))
    yield "its year", bool(YEAR.search(lower))


def _plain(text: str) -> str:
    """Return the words of a text with single spaces between them."""
    return " ".join(re.findall(r"\w+", text.casefold()))
