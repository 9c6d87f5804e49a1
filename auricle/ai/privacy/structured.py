"""Identifiers with a shape of their own: numbers with checksums, e-mail, phones, dates, addresses of machines."""

import ipaddress
import re
from collections.abc import Callable, Iterator

from auricle.ai.privacy.checksums import luhn, social_security, verhoeff
from auricle.ai.privacy.spans import Span

_DIGIT = r"[0-9०-९]"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?|जनवरी|फरवरी|फ़रवरी|मार्च|अप्रैल|मई|जून|जुलाई|अगस्त|सितंबर|अक्टूबर|नवंबर|दिसंबर)"
)
_DAY = r"(?:\d{1,2}(?:st|nd|rd|th)?)"
_ORDINAL = (
    r"(?:(?:twenty|thirty)[\s-])?(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth"
    r"|eleventh|twelfth|thirteenth"
    r"|fourteenth|fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth)"
)
_YEAR = r"(?:19|20)\d\d"
_WORD_DIGIT = (
    r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple|plus|शून्य|एक|दो|तीन|चार"
    r"|पांच|पाँच|छह|सात|आठ|नौ|डबल)"
)
EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63}){1,4}")
EMAIL_SPOKEN = re.compile(
    r"\b(?:[a-z0-9]{1,64}\s+(?:dot|underscore|dash"
    r"|hyphen)\s+){0,3}[a-z0-9]{1,64}\s+at\s+(?:the\s+rate\s+)?[a-z0-9]{1,64}\s+dot\s+[a-z]{2,12}"
    r"(?:\s+dot\s+[a-z]{2,3})?\b", re.IGNORECASE)  # fmt: skip
URL = re.compile(r"\b(?:https?://|www\.)[^\s<>\"'“”]+[^\s<>\"'“”.,;:!?)\]।]", re.IGNORECASE)
IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.]*\d)")
IPV6 = re.compile(r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.IGNORECASE)
AADHAAR = re.compile(rf"(?<!{_DIGIT})(?<!{_DIGIT}-){_DIGIT}{{4}}([ -]?){_DIGIT}{{4}}\1{_DIGIT}{{4}}(?!-?{_DIGIT})")
ABHA = re.compile(rf"(?<!{_DIGIT}){_DIGIT}{{2}}([ -]?){_DIGIT}{{4}}\1{_DIGIT}{{4}}\1{_DIGIT}{{4}}(?!-?{_DIGIT})")
ABHA_ADDRESS = re.compile(r"(?<![\w.])[\w.]{3,40}@(?:abdm|sbx|ndhm)\b", re.IGNORECASE)
PAN = re.compile(r"\b[A-Z]{3}[ABCFGHJLPT][A-Z]\d{4}[A-Z]\b", re.IGNORECASE)
SSN = re.compile(r"(?<![\d-])(\d{3})[- ](\d{2})[- ](\d{4})(?![\d-])")
CARD = re.compile(r"(?<!\d)\d{4}([ -]?)\d{4}\1\d{4}\1\d{1,7}(?!\d)")
PHONE = re.compile(
    rf"(?<![\w.])(?:(?:\+|00){_DIGIT}{{1,3}}[\s.-]?)?(?:\(\d{{2,5}}\)[\s.-]?"
    rf"|0)?(?:{_DIGIT}[\s.-]?){{6,11}}{_DIGIT}(?:\s?(?:x|ext\.?)\s?\d{{1,5}})?(?![\w])"
)
PHONE_SPOKEN = re.compile(rf"\b{_WORD_DIGIT}(?:[\s,-]+{_WORD_DIGIT}){{6,15}}(?!\w)", re.IGNORECASE)
MRN = re.compile(
    r"\b(?:mrn|uhid|medical\s+record(?:\s+(?:number|no\.?))?|record\s+(?:number|no\.?)"
    r"|chart\s+(?:number|no\.?)|patient\s+(?:id|number|no\.?)|hospital\s+number"
    r"|registration\s+(?:number|no\.?)|employee\s+(?:number"
    r"|id))(?:\s+is)?\s*[:#.]?\s*((?=[\w/-]*\d)[A-Za-z0-9][\w/-]{2,19})", re.IGNORECASE)  # fmt: skip
DATES = (
    re.compile(rf"(?<![\d/.-]){_DIGIT}{{1,2}}([/.-]){_DIGIT}{{1,2}}\1(?:{_DIGIT}{{4}}|{_DIGIT}{{2}})(?![\d/-])"),
    re.compile(r"(?<![\d/-])(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}(?:T\d\d:\d\d(?::\d\d)?)?(?![\d/-])"),
    re.compile(rf"\b(?:the\s+)?{_DAY}\s*(?:of\s+)?[- ]?{_MONTH}\b\.?(?:[\s,-]+{_YEAR})?", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}\.?\s+(?:the\s+)?(?:{_DAY}|{_ORDINAL})\b(?:\s*,?\s+{_YEAR})?", re.IGNORECASE),
    re.compile(rf"\b(?:the\s+)?{_ORDINAL}\s+(?:of\s+)?{_MONTH}\b(?:\s*,?\s+{_YEAR})?", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}\.?,?\s+{_YEAR}\b", re.IGNORECASE),
)
_NINETIES = (
    r"(?:9\d|1[01]\d|ninety(?:[\s-](?:one|two|three|four|five|six|seven|eight|nine))?|(?:a"
    r"|one)\s+hundred(?:\s+and\s+(?:one|two|three|four|five))?)"
)
AGE = (
    re.compile(
        rf"\b({_NINETIES})(?=[\s-]*(?:years?|yrs?|y/?o\b|year-old)(?:[\s-]*(?:old|of\s+age)|\b))", re.IGNORECASE
    ),
    re.compile(
        rf"\b(?:aged?|age\s+is|turned|turning|i\s+am|i'm)\s*:?\s*({_NINETIES})\b(?!\s*(?:percent|%|mg|kilo"
        rf"|kg|pounds|degrees))",
        re.IGNORECASE,
    ),
    re.compile(r"उम्र\s*:?\s*(9\d|1[01]\d)"),
)


def _ascii_digits(text: str) -> str:
    return "".join(str(int(c)) for c in text if c.isdecimal())


def _aadhaar(match: re.Match[str]) -> bool:
    digits = _ascii_digits(match[0])
    return digits[0] not in "01" and verhoeff(digits)


def _ip(match: re.Match[str]) -> bool:
    try:
        ipaddress.ip_address(match[0])
    except ValueError:
        return False
    return match[0].count(":") != 2 or "::" in match[0]


def _phone(match: re.Match[str]) -> bool:
    digits = _ascii_digits(match[0])
    plain_decimal = re.fullmatch(r"\d+\.\d+", match[0].strip()) is not None
    return 7 <= len(digits) <= 15 and not plain_decimal and len(set(digits)) > 1


# kind, pattern, extra test, rank
_CHECKED: tuple[tuple[str, re.Pattern[str], Callable[[re.Match[str]], bool], int], ...] = (
    ("EMAIL", EMAIL, lambda m: True, 1),
    ("EMAIL", EMAIL_SPOKEN, lambda m: True, 2),
    ("URL", URL, lambda m: True, 1),
    ("IP", IPV4, _ip, 1),
    ("IP", IPV6, _ip, 2),
    ("ABHA", ABHA_ADDRESS, lambda m: True, 0),
    ("ABHA", ABHA, lambda m: True, 1),
    ("AADHAAR", AADHAAR, _aadhaar, 1),
    ("PAN", PAN, lambda m: True, 1),
    ("SSN", SSN, lambda m: social_security(m[1] + m[2] + m[3]), 1),
    ("CARD", CARD, lambda m: luhn(_ascii_digits(m[0])), 1),
    ("PHONE", PHONE, _phone, 3),
    ("PHONE", PHONE_SPOKEN, lambda m: True, 3),
    *(("DATE", pattern, lambda m: True, 2) for pattern in DATES),
)


def structured(text: str) -> Iterator[Span]:
    """Every identifier recognised by its shape."""
    for kind, pattern, holds, rank in _CHECKED:
        for match in pattern.finditer(text):
            if holds(match):
                yield Span(match.start(), match.start() + len(match[0].rstrip(" .,-")), kind, rank)
    for match in MRN.finditer(text):
        yield Span(match.start(1), match.end(1), "MRN", 1)
    for pattern in AGE:
        for match in pattern.finditer(text):
            yield Span(match.start(1), match.end(1), "AGE", 3)
