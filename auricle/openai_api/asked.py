"""What clients of OpenAI's API ask: the fields that count here, those that may be there, and those that are refused."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from auricle.errors import Invalid, TooLarge

MOST_MESSAGES = 200
MOST_TOOLS = 64
MOST_CHARACTERS = 400_000  # of all messages, or of all texts to embed, together
MOST_TOOL_CHARACTERS = 200_000  # of all tools' schemas together
MOST_SAID = 16_000  # of the person's last words: they are searched for red flags
MOST_TOKENS = 4_000
MOST_TEXTS = 2_048

Name = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]*$")]
Text = Annotated[str, StringConstraints(max_length=MOST_CHARACTERS)]


class NotOffered(Invalid):
    """This is not offered here."""

    code = "openai.not_offered"


class BadConversation(Invalid):
    """The messages are no conversation that can be gone on with."""

    code = "openai.bad_conversation"


class TooMuch(TooLarge):
    """This is more than one request may hold."""

    code = "openai.too_much"


class Loose(BaseModel):
    """A part that clients also send back to us with what they got: further fields mean nothing here."""

    model_config = ConfigDict(extra="ignore")


class Part(Loose):
    type: str = Field(max_length=40)
    text: Text | None = None


class CalledFunction(Loose):
    name: Name
    arguments: Text


class Call(Loose):
    id: str = Field(min_length=1, max_length=128)
    type: Literal["function"] = "function"
    function: CalledFunction


class Message(Loose):
    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Text | Annotated[list[Part], Field(max_length=200)] | None = None
    tool_calls: Annotated[list[Call], Field(max_length=MOST_TOOLS)] | None = None
    tool_call_id: str | None = Field(None, max_length=128)

    def text(self, place: str) -> str:
        """The words of a message. Raises `NotOffered` where it is not only words."""
        if self.content is None or isinstance(self.content, str):
            return self.content or ""
        if any(part.type != "text" or part.text is None for part in self.content):
            raise NotOffered("Messages are texts: images, sound and files are not read here.", param=place)
        return "\n".join(part.text or "" for part in self.content)


class Function(Loose):
    name: Name
    description: str = Field("", max_length=4_000)
    parameters: dict[str, Any] = {}


class Tool(Loose):
    type: Literal["function"] = "function"
    function: Function


class ChosenFunction(Loose):
    name: Name


class Chosen(Loose):
    type: Literal["function"] = "function"
    function: ChosenFunction


class StreamOptions(Loose):
    include_usage: bool | None = None


# Fields that may be there as long as they ask for nothing: the values with which they do so, besides null.
NEUTRAL: Mapping[str, tuple[Any, ...]] = {
    "n": (1,),
    "top_p": (1,),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "logit_bias": ({},),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "stop": ([],),
    "response_format": ({"type": "text"},),
    "modalities": (["text"],),
    "store": (False,),
    "service_tier": ("auto", "default"),
    "functions": ([],),
    "function_call": ("none",),
    "audio": (),
    "prediction": (),
    "web_search_options": (),
    "moderation": (),
    "reasoning_effort": (),
    "verbosity": (),
}
# What changes no answer.
IGNORED = (
    "user",
    "safety_identifier",
    "metadata",
    "seed",
    "prompt_cache_key",
    "prompt_cache_retention",
    "prompt_cache_options",
    "parallel_tool_calls",
)


class ChatIn(BaseModel):
    """`POST /v1/chat/completions`. Further fields of OpenAI's may be there as long as they ask for nothing."""

    model_config = ConfigDict(extra="allow")

    model: ModelName = Field(description="The name or id of a published agent.", examples=["assistant"])
    messages: list[Message] = Field(
        min_length=1, max_length=MOST_MESSAGES, examples=[[{"role": "user", "content": "When are you open?"}]]
    )
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = Field(None, ge=0, le=2, description="Unset: the agent's own.")
    max_tokens: int | None = Field(None, ge=1, description=f"Unset: the agent's own. At most {MOST_TOKENS} count.")
    max_completion_tokens: int | None = Field(None, ge=1, description="The same by its newer name.")
    tools: Annotated[list[Tool], Field(max_length=MOST_TOOLS)] | None = Field(
        None, description="The program's own: their calls are given back to it. The agent's tools are not used here."
    )
    tool_choice: Literal["none", "auto", "required"] | Chosen | None = None

    def check(self) -> None:
        """Raise `NotOffered` where a further field asks for what no agent of ours does."""
        for name, value in (self.model_extra or {}).items():
            if name in IGNORED or value is None:
                continue
            if name not in NEUTRAL:
                raise NotOffered("A field of this request is not known here.", param="*")
            if not any(is_same(value, harmless) for harmless in NEUTRAL[name]):
                raise NotOffered("This is not offered here with this value.", param=name)


def is_same(value: Any, other: Any) -> bool:
    return bool(value == other) and isinstance(value, bool) == isinstance(other, bool)


class EmbeddingIn(BaseModel):
    """`POST /v1/embeddings`."""

    model_config = ConfigDict(extra="forbid")

    model: ModelName = Field(description="`embedding`, or `embedding-query` for what is searched with.")
    input: str | list[str] | list[int] | list[list[int]] = Field(examples=[["Earwax needs no tools."]])
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = None
    user: Any = None

    def texts(self) -> list[str]:
        """What is to be embedded. Raises `NotOffered`, `TooMuch` or `Invalid`."""
        if self.dimensions is not None:
            raise NotOffered("Vectors have the length that the organization's embedder gives them.", param="dimensions")
        given = [self.input] if isinstance(self.input, str) else self.input
        texts = [one for one in given if isinstance(one, str)]
        if len(texts) != len(given):
            raise NotOffered(
                "Texts are embedded, not tokens (LangChain: check_embedding_ctx_length=False).", param="input"
            )
        if not texts or not all(text.strip() for text in texts):
            raise Invalid("There is an empty text.", param="input")
        if len(texts) > MOST_TEXTS or sum(map(len, texts)) > MOST_CHARACTERS:
            raise TooMuch(param="input", texts=MOST_TEXTS, characters=MOST_CHARACTERS)
        return texts
