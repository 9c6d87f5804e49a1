"""What patients ask a clinic, of the sample clinic's own pages: which are answered, which not, and from which section.

    python -m bench.knowledge.clinic --work FOLDER [--each]

Forty questions that its pages answer and twenty-five that they don't. How titles count in small bases was chosen on
them. A few dozen short sections are another base than thousands of articles on diseases, whose titles all name one.
"""

import argparse
import re
from collections import Counter
from pathlib import Path

from auricle.knowledge.known import Evidence, Verdict, judge
from auricle.knowledge.rank import Index
from bench.knowledge.corpus import REPOSITORY, Vectors

ANSWERED = """When are you open on Saturday? | Opening hours
What are your opening hours? | Opening hours
Are you open on Sundays? | Opening hours
What time do you close? | Opening hours
Can I clean my ears with cotton buds? | What not to do
Are ear candles safe? | What not to do
What helps against ringing in the ears at night?
How do I prepare for a hearing test?
How much is a hearing test? | Fees: what a hearing test and a visit cost
What does a consultation cost? | Fees: what a hearing test and a visit cost
Can I pay by card? | Ways to pay
Do you take UPI? | Ways to pay
Can I pay in instalments? | Ways to pay
Where can I park? | Getting here and parking
Is there a lift? | Getting here and parking
How do I cancel my appointment? | Changing or cancelling an appointment
What happens if I miss my appointment? | Changing or cancelling an appointment
I am running late | Being late
Does insurance pay for hearing aids? | Insurance
How can I get a copy of my record? | Records and privacy
Are calls recorded? | Records and privacy
What is an audiogram? | What an audiogram shows
How long does a hearing test take? | How long a hearing test takes
Does a hearing test hurt? | What happens in a hearing test
How long do batteries last? | Disposable batteries
My hearing aid got wet | Moisture
My hearing aid whistles | Whistling
How often should I clean my hearing aid? | Daily cleaning
My child swallowed a battery | Keep batteries away from children
I suddenly lost my hearing | Sudden hearing loss
What is tympanometry? | What tympanometry is
When do I get my results? | Results and letters
How do I complain? | Complaints and praise
Can I use drops for ear wax? | Softening drops
Should I remove ear wax?
Which drops are safe for wax? | Softening drops
How long does charging take? | Rechargeable aids
Can I return my hearing aids? | After a new hearing aid
When is the next check after fitting? | After a new hearing aid
how often do i change the wax filter | Wax filters"""  # each with the section that answers it, where only one does
NOT_HELD = """How much does a hearing aid cost?
Do you treat broken legs?
Do you do eye tests?
Can I get a flu vaccine?
What is the dose of paracetamol for a child?
Do you have a pharmacy?
Is there a dentist in the clinic?
How do I treat diabetes?
What are the symptoms of Meniere's disease?
Can I bring my dog?
Do you offer cochlear implants?
Who is the director of the clinic?
What is the wifi password?
Do you do blood tests?
Can you prescribe antibiotics?
What causes otosclerosis?
Are you hiring nurses?
Where can I stay overnight nearby?
Do you repair glasses?
What is the visiting time for the ward?
How much does an MRI cost?
Do you treat snoring?
Is surgery possible for a perforated eardrum?
What is a normal blood pressure?
Can I have a home visit?"""


class Pages:
    """The sections of the sample clinic's pages, as one base."""

    def __init__(self, vectors: Vectors) -> None:
        self.titles: list[tuple[str, str]] = []
        bodies = []
        for file in sorted((REPOSITORY / "auricle" / "sample" / "knowledge").glob("*.md")):
            text = file.read_text("utf-8")
            named = re.search(r"^(?:# |title: )(.*)$", text, re.MULTILINE)
            for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
                section, _, body = part.partition("\n")
                self.titles.append((named[1] if named else "", section.strip()))
                bodies.append(body.strip())
        headings = [" ".join(title) for title in self.titles]
        embedded = vectors.of([f"{heading}. {body}" for heading, body in zip(headings, bodies, strict=True)])
        self._bodies, self._vectors, self._index = bodies, vectors, Index(bodies, headings, embedded)

    def asked(self, question: str) -> tuple[str, Verdict]:
        """The section found first, and whether it is held to answer."""
        meant = self._index.spelling.meant(question)
        found = self._index.rank(meant, self._vectors.of([meant])[0], 5)
        best = [
            Evidence(f"{' '.join(self.titles[one.index])} {self._bodies[one.index]}", one.dense, self.titles[one.index])
            for one in found
        ]
        return self.titles[found[0].index][1], judge(question, best, self._index.terms, len(self._index))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--work", type=Path, required=True, help="folder for the model and the vectors")
    arguments.add_argument("--each", action="store_true", help="a line for each question")
    chosen = arguments.parse_args()
    pages = Pages(Vectors(chosen.work))
    for name, questions in (("answered by the pages", ANSWERED), ("not held", NOT_HELD)):
        levels, elsewhere = Counter[str](), 0
        for line in questions.splitlines():
            question, _, wanted = (part.strip() for part in line.partition("|"))
            section, verdict = pages.asked(question)
            levels[verdict.level] += 1
            elsewhere += bool(wanted) and section != wanted
            if chosen.each:
                print(f"{verdict.level:8} {verdict.support:.2f}  {question} -> {section}")
        print(f"{name}: {dict(levels)}, another section first: {elsewhere}")


if __name__ == "__main__":
    main()
