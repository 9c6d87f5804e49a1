"""How one language says that something is not so, was long ago, is only asked about; and whether it does so here.

Most Indian languages deny after the finding ("நெஞ்சு வலி இல்ல"), English before it ("no chest pain"), and people who mix
languages either way, so the rules of all languages are tried on every finding.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from auricle.safety.pattern import Spelling, any_of
from auricle.safety.words import BREAK

BEFORE_WORDS, AFTER_WORDS = 7, 4  # how far from a finding its denial may stand
REACH_WORDS = 14  # of the context that is looked at for a denial, with the words of the negators themselves
CLAUSE_WORDS = 40  # of the context that is looked at for times and questions


@dataclass(frozen=True, slots=True)
class Finding:
    """Words `first` to `last` (exclusive) of a text in one spelling."""

    words: Sequence[str]
    first: int
    last: int

    @property
    def before(self) -> str:
        return f" {' '.join(self.words[max(0, self.first - REACH_WORDS) : self.first])} ".replace("  ", " ")

    @property
    def after(self) -> str:
        return f" {' '.join(self.words[self.last : self.last + REACH_WORDS])} ".replace("  ", " ")

    @property
    def clause(self) -> str:
        first, last = self.first, self.last
        while first > max(0, self.first - CLAUSE_WORDS) and self.words[first - 1] != BREAK:
            first -= 1
        while last < min(len(self.words), self.last + CLAUSE_WORDS) and self.words[last] != BREAK:
            last += 1
        return f" {' '.join(self.words[first:last])} "

    @property
    def surroundings(self) -> str:
        around = self.words[max(0, self.first - CLAUSE_WORDS) : self.last + CLAUSE_WORDS]
        return f" {' '.join(around)} "


@dataclass(frozen=True, slots=True)
class Denial:
    before: re.Pattern[str]  # ends where the finding begins
    after: re.Pattern[str]  # begins where the finding ends
    past: re.Pattern[str]
    now: re.Pattern[str]
    question: re.Pattern[str]
    question_after: re.Pattern[str]
    general: re.Pattern[str]
    own: re.Pattern[str]
    affirmed: re.Pattern[str]

    def denies(self, finding: Finding) -> bool:
        if self.before.search(finding.before) and not self.affirmed.match(finding.after):
            return True
        return bool(self.after.match(finding.after))

    def puts_elsewhere(self, finding: Finding) -> bool:
        """Whether the finding is told as long past, or asked about in general."""
        clause = finding.clause
        if self.past.search(clause) and not self.now.search(finding.surroundings):
            return True
        if self.general.search(clause):
            return True
        is_question = self.question.match(clause) or self.question_after.match(finding.after)
        return bool(is_question) and not self.own.search(clause)


def denial(rules: Mapping[str, list[str]], spelling: Spelling) -> Denial:
    """Compile the rules of one language.

    Keys, each a list of phrases: `negators_before`, `not_negators` (look like one), `negators_after` (up to four words
    later), `negators_next` (at once), `scope_ends` (words no denial reaches over), `clause_starts` (a comma before them
    ends a denial), `answers_no` (a "no" of its own after the finding), `past`, `now`, `general_questions` (begin the
    clause), `questions_after` (after the finding), `own` (about somebody, so not a general question), `general`
    (anywhere in the clause), `affirms_after` ("never had chest pain *like this*").
    """

    def one_of(key: str) -> str:
        return any_of(rules.get(key, ()), spelling)

    ends, stop = one_of("scope_ends"), re.escape(BREAK)
    # A comma ends the reach of "no" only where a new clause begins: "no fever, cough or pain" denies all three.
    step = rf"(?: (?!{ends} )[^ {BREAK}]+| {stop}(?! {one_of('clause_starts')} ))"
    negator = rf"(?!{one_of('not_negators')}){one_of('negators_before')}"
    near = rf"(?: (?!{ends} |{stop})[^ {BREAK}]+){{0,{AFTER_WORDS}}}?"
    # "No, I have …": a negator that stands alone before a break denies nothing after it.
    return Denial(
        before=re.compile(rf" {negator}(?! {stop}){step}{{0,{BEFORE_WORDS}}} $"),
        after=re.compile(
            rf"^(?: {one_of('negators_next')}|{near} {one_of('negators_after')}"
            rf"| {stop} {one_of('answers_no')} (?:{stop}|$))"
        ),
        past=re.compile(rf" {one_of('past')}"),
        now=re.compile(rf" {one_of('now')}"),
        question=re.compile(rf"^ {one_of('general_questions')}"),
        question_after=re.compile(rf"^{near} {one_of('questions_after')}"),
        general=re.compile(rf" {one_of('general')}"),
        own=re.compile(rf" {one_of('own')}"),
        affirmed=re.compile(rf"^ {one_of('affirms_after')}"),
    )
