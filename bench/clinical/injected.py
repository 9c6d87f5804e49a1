"""Identifiers of invented people in MTS-Dialog's texts: `python -m bench.clinical.injected MTS-FOLDER`.

Runs in the bench's environment, for its names are Faker's (MIT), which the product has never seen. Seeded: always the
same set. A row is like one of the shared set: text, spans, zones (what was put in), known, kind, cased.
"""

import csv
import json
import random
import re
import sys
from pathlib import Path

import yaml
from faker import Faker

from auricle.ai.privacy.checksums import verhoeff

LOCALES = ("en_IN", "en_IN", "en_IN", "en_US", "en_GB", "es_MX", "fr_FR", "de_DE", "pl_PL", "en_NG", "zu_ZA")
SCRIPTS = {"hi": "hi_IN", "ta": "ta_IN", "bn": "bn_BD", "gu": "gu_IN"}
SLOT = re.compile(r"\{([A-Z_]+)(hi|ta|bn|gu)?\}")
KINDS = {"P": "PERSON", "G": "PERSON", "F": "PERSON", "C": "LOCATION", "O": "ORGANIZATION", "MRN_LINE": "MRN"}
WORDS = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text("utf-8"))
SYLLABLES, DIGITS, MONTHS = (WORDS[name].split() for name in ("syllables", "digits", "months"))


class Identities:
    """Invented people, places and numbers."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        wanted = {*LOCALES, *SCRIPTS.values()}
        self.fakers = {locale: Faker(locale) for locale in wanted}
        for number, locale in enumerate(sorted(wanted)):
            self.fakers[locale].seed_instance(seed + number)

    def given(self, script: str) -> str:
        if not script and self.dice.random() < 0.1:
            return "".join(self.dice.sample(SYLLABLES, 2)).capitalize()
        return self._from(script).first_name()

    def family(self, script: str) -> str:
        if not script and self.dice.random() < 0.1:
            return "".join(self.dice.sample(SYLLABLES, 3)).capitalize()
        return self._from(script).last_name()

    def _from(self, script: str) -> Faker:
        return self.fakers[SCRIPTS[script] if script else self.dice.choice(LOCALES)]

    def number(self, count: int) -> str:
        return "".join(self.dice.choices("0123456789", k=count))

    def phone(self) -> str:
        ten = self.dice.choice("6789") + self.number(9)
        shape = self.dice.choice(("{0}{1}", "+91 {0} {1}", "+91-{0}{1}", "{0} {1}", "0{0}{1}"))
        american = f"{self.dice.randint(201, 989)}-{self.dice.randint(200, 999)}-{self.number(4)}"
        return american if self.dice.random() < 0.3 else shape.format(ten[:5], ten[5:])

    def slot(self, kind: str, script: str) -> str:
        dice = self.dice
        match kind:
            case "G":
                return self.given(script)
            case "F":
                return self.family(script)
            case "P":
                return f"{self.given(script)} {self.family(script)}"
            case "C":
                return self._from(script).city() if script else self.fakers[dice.choice(LOCALES[:5])].city()
            case "O":
                return f"{self.family('')} {dice.choice(WORDS['houses'])}"
            case "PHONE":
                return self.phone()
            case "PHONE_SPOKEN":
                return " ".join(DIGITS[int(d)] for d in self.phone() if d.isdigit())
            case "EMAIL":
                name = f"{self._word()}{dice.choice(('.', '_', ''))}{self._word()}{self.number(2)}"
                return f"{name}@{dice.choice(('gmail.com', 'rediffmail.com', 'nhs.net', 'outlook.co.in'))}"
            case "EMAIL_SPOKEN":
                return f"{self._word()} dot {self._word()} at {dice.choice(('gmail', 'yahoo', 'outlook'))} dot com"
            case "MRN_LINE":
                return (
                    dice.choice(("MRN", "UHID", "Patient ID", "record number"))
                    + " "
                    + dice.choice(("", "H-", "AB", "OP/"))
                    + self.number(6)
                )
            case "DATE":
                return self.date()
            case "AGE":
                return str(dice.randint(90, 104))
            case "AADHAAR":
                return self.aadhaar()
            case "PAN":
                letters = "".join(dice.choices("ABCDEFGHJKLMNPRSTUV", k=3))
                return f"{letters}P{dice.choice('ABDGKMRSTV')}{self.number(4)}{dice.choice('ABCDEFGHJK')}"
            case "ABHA":
                n = dice.choice("123456789") + self.number(13)
                return dice.choice((f"{n[:2]}-{n[2:6]}-{n[6:10]}-{n[10:]}", n, f"{self._word()}.{self.number(3)}@abdm"))
            case "URL":
                return f"https://{self._word()}health.example/{dice.choice(('r', 'visit', 'img'))}/{self.number(5)}"
            case "IP":
                return ".".join(str(dice.randint(1, 254)) for _ in range(4))
            case "SSN":
                return f"{dice.randint(100, 660)}-{dice.randint(10, 99)}-{dice.randint(1000, 9999)}"
            case "ADDRESS":
                street = f"{dice.randint(1, 400)} {self.family('')} {dice.choice(('Road', 'Street', 'Nagar', 'Lane'))}"
                return f"{street}, {self.slot('C', '')} {dice.randint(1, 8)}{self.number(5)}"
        raise ValueError(kind)

    def _word(self) -> str:
        return re.sub(r"[^a-z]", "", self.given("").lower()) or "someone"

    def date(self) -> str:
        day, month, year = self.dice.randint(1, 28), self.dice.randint(1, 12), self.dice.randint(1935, 2025)
        name = MONTHS[month - 1]
        shapes = (
            f"{day}/{month}/{year}",
            f"{day:02}.{month:02}.{year}",
            f"{name} {day}, {year}",
            f"{day} {name[:3]} {year}",
            f"the {day}th of {name}",
            f"{year}-{month:02}-{day:02}",
            f"{day:02}-{name[:3]}-{year}",
        )
        return self.dice.choice(shapes)

    def aadhaar(self) -> str:
        body = self.dice.choice("23456789") + self.number(10)
        n = next(body + last for last in "0123456789" if verhoeff(body + last))
        return self.dice.choice((n, f"{n[:4]} {n[4:8]} {n[8:]}", f"{n[:4]}-{n[4:8]}-{n[8:]}"))


def injected(
    text: str, lines: list[str], people: Identities, known: dict[str, str]
) -> tuple[str, list[dict], list[list[int]]]:
    """The text with lines between its own; where each identifier and each line stands."""
    rows = text.splitlines()
    for line in lines:
        rows.insert(people.dice.randint(0, len(rows)), "\0" + line)
    out, spans, zones = "", [], []
    for row in rows:
        if not row.startswith("\0"):
            out += row + "\n"
            continue
        begin, at, row = len(out), 0, row[1:]
        for slot in SLOT.finditer(row):
            out += row[at : slot.start()]
            at, kind = slot.end(), slot[1]
            value = known.get(kind) or people.slot(kind, slot[2] or "")
            inside = value.rpartition(" ")[0] + " " if kind == "MRN_LINE" else ""
            kept = KINDS.get(kind, "PERSON" if kind in ("K", "KG", "KF") else kind.removeprefix("K"))
            spans.append({"start": len(out) + len(inside), "end": len(out) + len(value), "type": kept,
                          "kind": "known" if kind in known else "injected"})  # fmt: skip
            out += value
        out += row[at:] + "\n"
        zones.append([begin, len(out)])
    return out, spans, zones


def main(folder: Path, seed: int = 41, documents: int = 160) -> None:
    rows = []
    for name in ("MTS-Dialog-ValidationSet.csv", "MTS-Dialog-TestSet-1-MEDIQA-Chat-2023.csv"):
        with (folder / name).open(encoding="utf-8", newline="") as file:
            rows += [(f"{name[11:15]}{row['ID']}", row) for row in csv.DictReader(file) if len(row["dialogue"]) > 500]
    people = Identities(seed)
    for number, (identity, row) in enumerate(rows[:documents]):
        document = number % 4 == 3
        given, family = people.given(""), people.family("")
        known = {
            "K": f"{given} {family}",
            "KG": given,
            "KF": family,
            "KPHONE": people.phone(),
            "KEMAIL": people.slot("EMAIL", ""),
        }
        kind = "document" if document else "talk"
        lines = people.dice.sample(WORDS[kind], 8 if document else 12)
        lines += [] if document else people.dice.sample(WORDS["known"], 3)
        if number % 3 == 0:
            lines += people.dice.sample(WORDS["hindi"], 4)
        elif number % 3 == 1:
            lines += people.dice.sample(WORDS[people.dice.choice(("tamil", "bengali", "telugu_gujarati"))], 2)
        text, spans, zones = injected(row["section_text"] if document else row["dialogue"], lines, people, known)
        cased = document or number % 2 == 0
        text = text if cased else lowered(text)
        told = {"first": given, "last": family, "phone": known["KPHONE"], "email": known["KEMAIL"]}
        made = {"id": f"mts_{identity}", "kind": kind, "cased": cased, "text": text, "spans": spans, "zones": zones}
        print(json.dumps({**made, "known": told}, ensure_ascii=False))


def lowered(text: str) -> str:
    """As a recognizer writes: lower case; of the same length, so that offsets hold."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
