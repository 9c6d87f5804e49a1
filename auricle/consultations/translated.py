"""Between the patient's language and that of an agent's knowledge or model. What nobody can translate goes on as it is.

Numbers must survive: a translation that has other figures than its source is not used.
"""

import logging
from collections import OrderedDict
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from auricle.agents.tools.loop import OwnWords
from auricle.consultations.digits import same_numbers
from auricle.log import event
from auricle.providers.call import Call
from auricle.providers.ports import ChatMessage, ProviderFailed, TextDelta
from auricle.providers.routing import Router
from auricle.telemetry import TRANSLATIONS
from auricle.voice.ports import ReplyPiece
from auricle.voice.sentences import SentenceCutter

log = logging.getLogger(__name__)

MOST_KEPT = 200  # sentences of a call whose translation is remembered
LONGEST = 2_000


@dataclass(slots=True)
class Translating:
    """Translates for one call, and remembers what it has translated, in both directions."""

    router: Router
    call: Call
    _known: OrderedDict[tuple[str, str], str] = field(default_factory=OrderedDict)

    async def into(self, target: str, text: str, *, source: str, purpose: str) -> str:
        """The text in another language, or as it is where nobody can translate it faithfully."""
        if source == target or not text.strip():
            return text
        if (known := self._known.get((target, text))) is not None:
            return known
        try:
            made = (await self.router.translate(self.call, text[:LONGEST], source=source, target=target)).text
        except ProviderFailed as error:
            event(log, "a text was not translated", logging.INFO, error_code=error.code)
            TRANSLATIONS.labels(purpose=purpose, outcome="failed").inc()
            return text
        if not same_numbers(text, made) or len(made) > 4 * LONGEST:
            TRANSLATIONS.labels(purpose=purpose, outcome="unfaithful").inc()
            return text
        TRANSLATIONS.labels(purpose=purpose, outcome="ok").inc()
        self._remember(target, text, made)
        self._remember(source, made, text)
        return made

    def recalled(self, target: str, said: Sequence[ChatMessage]) -> list[ChatMessage]:
        """A history with what was translated before in its translation; the rest stays as it was said."""
        if not self._known:
            return list(said)
        return [replace(one, content=self._whole(target, one.content)) for one in said]

    def _whole(self, target: str, content: str) -> str:
        """A message by its sentences, as its answer was translated."""
        if (known := self._known.get((target, content))) is not None:
            return known
        cutter = SentenceCutter(clause_first=False)
        parts = [*cutter.feed(content), *cutter.finish()]
        return " ".join(self._known.get((target, part), part) for part in parts)

    def _remember(self, language: str, text: str, translation: str) -> None:
        self._known[(language, text)] = translation
        while len(self._known) > 2 * MOST_KEPT:
            self._known.popitem(last=False)

    async def spoken(
        self, pieces: AsyncGenerator[ReplyPiece, None], *, source: str, target: str
    ) -> AsyncGenerator[ReplyPiece, None]:
        """An answer sentence by sentence in the patient's language; words of the code are in it already.

        Never by clauses: their translations are worse, and each would look like a sentence that claims nothing.
        """
        cutter = SentenceCutter(clause_first=False)
        async with aclosing(pieces):
            async for piece in pieces:
                if not isinstance(piece, TextDelta):
                    yield piece
                    continue
                own = isinstance(piece, OwnWords)
                for sentence in cutter.finish() if own else cutter.feed(piece.text):
                    yield await self._sentence(sentence, source, target)
                if own:
                    yield piece
        for sentence in cutter.finish():
            yield await self._sentence(sentence, source, target)

    async def _sentence(self, sentence: str, source: str, target: str) -> TextDelta:
        return TextDelta(await self.into(target, sentence, source=source, purpose="answer") + " ")
