"""Microsoft's Presidio as one more finder, for who has it installed (`pip install presidio-analyzer`), perhaps a model.

Never needed, and never instead of ours: what it finds is masked besides. Nothing is downloaded: without a spaCy model
that is already installed its patterns work alone. `AURICLE_AI__PRESIDIO__ON` has it heard wherever texts are masked.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from types import ModuleType
from typing import Any

from auricle.ai.privacy.spans import Span
from auricle.errors import AuricleError
from auricle.settings import PresidioFinder

KINDS = {
    "PERSON": "PERSON", "LOCATION": "LOCATION", "ORGANIZATION": "ORGANIZATION", "DATE_TIME": "DATE",
    "EMAIL_ADDRESS": "EMAIL", "PHONE_NUMBER": "PHONE", "IP_ADDRESS": "IP", "URL": "URL", "US_SSN": "SSN",
    "CREDIT_CARD": "CARD", "IN_AADHAAR": "AADHAAR", "IN_PAN": "PAN",
    "MEDICAL_LICENSE": "LICENCE", "US_DRIVER_LICENSE": "LICENCE",
}  # fmt: skip
OTHER = "ID"


class PresidioMissing(AuricleError):
    """Presidio, or the model named for it, is not installed here."""

    status, code, title = 501, "ai.presidio_missing", "Not installed"


@cache
def finders(wanted: PresidioFinder) -> tuple["Presidio", ...]:
    """What the settings want heard besides our own finders, loaded once a process. Raises `PresidioMissing`."""
    return (Presidio(wanted.model, least=wanted.least, countries=wanted.countries),) if wanted.on else ()


class Presidio:
    """A `Recognizer`: call it with a text. Slow to make, safe to share; made once at start.

    Args:
        model: an installed spaCy model ("en_core_web_lg"); none: Presidio's patterns alone.
        least: findings below this score are dropped.
        countries: whose telephone numbers and identity numbers are looked for besides.

    Raises `PresidioMissing`.
    """

    def __init__(self, model: str | None = None, *, least: float = 0.0, countries: Sequence[str] = ()) -> None:
        self._least = least
        self._engine = _engine(model, countries)

    def __call__(self, text: str) -> Iterator[Span]:
        for found in self._engine.analyze(text=text, language="en", score_threshold=self._least):
            yield Span(found.start, found.end, KINDS.get(found.entity_type, OTHER), 6)


def _engine(model: str | None, countries: Sequence[str]) -> Any:
    try:
        import presidio_analyzer
        import spacy
        import tldextract
    except ImportError as error:
        raise PresidioMissing(
            "AURICLE_AI__PRESIDIO__ON is set, but Presidio is not installed here: pip install presidio-analyzer."
        ) from error
    # Its e-mail recognizer would ask the network for the list of public suffixes: the list in the package must do.
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    try:
        nlp = spacy.load(model) if model else spacy.blank("en")
    except OSError as error:
        raise PresidioMissing(
            "The spaCy model of AURICLE_AI__PRESIDIO__MODEL is not installed here: python -m spacy download.",
            model=model,
        ) from error
    engine = _loaded_engine(presidio_analyzer, nlp)
    registry = presidio_analyzer.RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"], nlp_engine=engine)
    for recognizer in _national(presidio_analyzer, countries):
        registry.add_recognizer(recognizer)
    return presidio_analyzer.AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])


def _loaded_engine(presidio: ModuleType, nlp: Any) -> Any:
    """Presidio's engine around a pipeline that is loaded already: left to itself it downloads one."""

    class Loaded(presidio.nlp_engine.SpacyNlpEngine):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": "en", "model_name": "loaded"}])
            self.nlp = {"en": nlp}

        def load(self) -> None:
            pass

        def is_loaded(self) -> bool:
            return True

    return Loaded()


def _national(presidio: ModuleType, countries: Sequence[str]) -> Iterator[Any]:
    if countries:
        yield presidio.predefined_recognizers.PhoneRecognizer(supported_regions=tuple(countries))
    if "IN" in countries:
        names = ("InAadhaarRecognizer", "InPanRecognizer", "InPassportRecognizer", "InVoterRecognizer")
        for name in names:
            if kind := getattr(presidio.predefined_recognizers, name, None):
                yield kind()
