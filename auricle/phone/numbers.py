"""Phone numbers: the one form they are stored in, and how much of one a reader without the right sees."""

import re

from auricle.db.sealed import Key
from auricle.errors import Invalid
from auricle.patients.tokens import WHOLE_PHONE, digits_of
from auricle.phone.models import Kind

E164 = re.compile(r"\+[1-9][0-9]{6,14}")
SEPARATORS = str.maketrans("", "", " ()-.")
SHOWN_DIGITS = 3


class NumberNotE164(Invalid):
    """A phone number begins with + and the country's code, as in +919845012345."""

    code = "phone.number_not_e164"


def e164(written: str) -> str:
    """A number without the separators people write. Raises `NumberNotE164`."""
    number = written.translate(SEPARATORS)
    if not E164.fullmatch(number):
        raise NumberNotE164
    return number


def told_by(kind: Kind, caller: str) -> str | None:
    """The number as a carrier tells it, in our form; None where it is withheld or is none.

    Plivo leaves the + out; Exotel, which is Indian, tells a national number behind a 0.
    """
    number = caller.translate(SEPARATORS)
    if kind is Kind.PLIVO and number.isdigit():
        number = f"+{number}"
    elif kind is Kind.EXOTEL and number.startswith("0") and len(number) == WHOLE_PHONE + 1:
        number = f"+91{number[1:]}"
    return number if E164.fullmatch(number) else None


def masked(number: str) -> str:
    """A number's last digits: enough to tell lines apart, too little to call."""
    return "•" * max(0, len(number) - SHOWN_DIGITS) + number[-SHOWN_DIGITS:]


def blind(key: Key, number: str) -> bytes:
    """A token that finds a number again: of its last ten digits, for what stands before is written in many ways."""
    return key.blind("phone number", digits_of(number)[-WHOLE_PHONE:])
