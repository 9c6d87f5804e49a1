"""An agent's configuration: what it is told, in which languages, with which providers. Versioned; YAML in and out."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=4000)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Choice(Part):
    """One provider in an agent's list; the next one serves when this one fails."""

    provider: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]
    model: str | None = Field(None, max_length=120)
    voice: str | None = Field(None, max_length=120)
    settings: Mapping[str, Any] = {}


class Providers(Part):
    """Ordered choices per capability; speech may differ by language. Nothing said: the installation's own order."""

    llm: Annotated[Sequence[Choice], Field(max_length=8)] = ()
    stt: Mapping[str, Annotated[Sequence[Choice], Field(max_length=8)]] = {}
    tts: Mapping[str, Annotated[Sequence[Choice], Field(max_length=8)]] = {}

    def chosen(self, capability: Literal["llm", "stt", "tts"], language: str) -> Sequence[Choice]:
        """The agent's own list for a capability in a language; empty where it has none."""
        if capability == "llm":
            return self.llm
        table = self.stt if capability == "stt" else self.tts
        return table.get(language) or table.get("default") or ()


class Retrieval(Part):
    chunks: int = Field(5, ge=1, le=20)
    context_characters: int = Field(4000, ge=200, le=20_000)


class AgentConfig(Part):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    role: Annotated[str, StringConstraints(max_length=200)] = "receptionist"
    specialty: str | None = Field(None, max_length=80)
    instructions: Text = "Be brief, warm and plain."
    languages: Annotated[Sequence[Language], Field(min_length=1, max_length=12)] = ("en",)
    greeting: Mapping[Language, Text] = {}
    questions: Mapping[Language, Annotated[Sequence[Text], Field(max_length=30)]] = {}
    keyterms: Annotated[Sequence[Annotated[str, StringConstraints(max_length=60)]], Field(max_length=200)] = ()
    temperature: float = Field(0.3, ge=0, le=2)
    max_tokens: int = Field(300, ge=16, le=4000)
    history_messages: int = Field(20, ge=2, le=100)
    retrieval: Retrieval = Retrieval()
    providers: Providers = Providers()
    emergency_number: Annotated[str, StringConstraints(pattern=r"^[0-9 +-]{2,20}$")] = "112"

    @property
    def language(self) -> str:
        return self.languages[0]

    def in_language(self, table: Mapping[str, Any], language: str) -> Any:
        """The entry for a language, else for the agent's first language, else nothing."""
        return table.get(language) or table.get(self.language)
