"""An agent's configuration: what it is told, in which languages, with which providers. Versioned; YAML in and out."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from auricle.safety.respond import EMERGENCY_NUMBER, HELPLINE

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
    translation: Annotated[Sequence[Choice], Field(max_length=8)] = ()
    stt: Mapping[str, Annotated[Sequence[Choice], Field(max_length=8)]] = {}
    tts: Mapping[str, Annotated[Sequence[Choice], Field(max_length=8)]] = {}
    hedging: bool = Field(True, description="The next is asked beside a model or voice that is slow to begin.")

    def chosen(self, capability: Literal["llm", "stt", "tts", "translation"], language: str) -> Sequence[Choice]:
        """The agent's own list for a capability in a language; empty where it has none."""
        if capability in ("llm", "translation"):
            return self.llm if capability == "llm" else self.translation
        table = self.stt if capability == "stt" else self.tts
        return table.get(language) or table.get("default") or ()


class Retrieval(Part):
    chunks: int = Field(5, ge=1, le=20)
    context_characters: int = Field(4000, ge=200, le=20_000)
    collection: str | None = Field(None, max_length=63, description="Only documents of this collection; unset: all.")
    specialty: str | None = Field(None, max_length=63, description="Only documents of this specialty; unset: all.")
    rerank: bool = Field(False, description="Have a provider put passages in order, though the patient waits for it.")


class ToolUse(Part):
    """A tool that the agent may use: built in, an HTTP tool, an MCP server, or one tool of it (`lab__results`)."""

    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-zA-Z0-9_-]{1,95}$")]
    description: str | None = Field(None, max_length=1000, description="What the model is told instead.")
    timeout_s: float | None = Field(None, ge=0.5, le=20)
    confirm: bool = Field(True, description="False: notes of symptoms and vitals go without asking the patient.")


def as_tool_use(given: Any) -> Any:
    return {"name": given} if isinstance(given, str) else given


class AgentConfig(Part):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
    role: Annotated[str, StringConstraints(max_length=200)] = "receptionist"
    specialty: str | None = Field(None, max_length=80)
    instructions: Text = "Be brief, warm and plain."
    languages: Annotated[Sequence[Language], Field(min_length=1, max_length=12)] = ("en",)
    greeting: Mapping[Language, Text] = {}
    questions: Mapping[Language, Annotated[Sequence[Text], Field(max_length=30)]] = {}
    keyterms: Annotated[Sequence[Annotated[str, StringConstraints(max_length=60)]], Field(max_length=200)] = ()
    patient_keyterms: Literal["none", "local", "all"] = Field(
        "local", description="Which recognizers are told the patient's names: none, those of this machine, or all."
    )
    temperature: float = Field(0.3, ge=0, le=2)
    max_tokens: int = Field(300, ge=16, le=4000)
    history_messages: int = Field(20, ge=2, le=100)
    retrieval: Retrieval = Retrieval()
    providers: Providers = Providers()
    tools: Annotated[
        Sequence[Annotated[ToolUse, BeforeValidator(as_tool_use)]],
        Field(max_length=40, description="What the agent may do. In YAML a bare name will do."),
    ] = ()
    knowledge_language: Language | None = Field(
        None, description="The one language of the knowledge: questions in others are translated for the search."
    )
    model_language: Language | None = Field(
        None, description="The one language of the model: what others say and hear is translated."
    )
    publish_needs_scenarios: bool = Field(
        False, description="A version is published only when all test scenarios passed with it."
    )
    emergency_number: Annotated[str, StringConstraints(pattern=r"^[0-9 +-]{2,20}$")] = EMERGENCY_NUMBER
    helpline: Annotated[str, StringConstraints(pattern=r"^[0-9 +-]{2,20}$")] = HELPLINE

    @property
    def language(self) -> str:
        return self.languages[0]

    def in_language(self, table: Mapping[str, Any], language: str) -> Any:
        """The entry for a language, else for the agent's first language, else nothing."""
        return table.get(language) or table.get(self.language)
