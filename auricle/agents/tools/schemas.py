"""What an organization's tools look like from outside. The values of headers go in and never come out."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,60}$")]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{1,2000}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2}$")]
Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=200)]
# Ours to set, or they would change which request is made.
RESERVED_HEADERS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect",
     "accept-encoding", "idempotency-key", "auricle-consultation-id", "auricle-patient-id"}
)  # fmt: skip


class In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ToolIn(In):
    """A tool of the organization: one HTTP request, or an MCP server."""

    kind: Literal["http", "mcp"] = "http"
    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$")] = Field(examples=["lab_result_ready"])
    description: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)] = Field(
        description="What the model is told: what the tool does, and when.", examples=["Is a lab result ready?"]
    )
    parameters: Mapping[str, Any] = Field(
        {},
        description="JSON schema of the arguments, without patterns and references. No argument names a patient.",
        examples=[{"properties": {"test": {"type": "string", "maxLength": 80}}, "required": ["test"]}],
    )
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    url: Annotated[str, StringConstraints(min_length=8, max_length=2000)] | None = Field(
        None, examples=["https://lab.example.org/ready"]
    )
    command: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = Field(
        None, description="An MCP server started here; only what the operator's settings list.", examples=[None]
    )
    sends: Literal["json", "query"] = Field("json", description="How the arguments are sent.")
    sends_patient: bool = Field(False, description="Send the patient's id in `Auricle-Patient-Id`.")
    headers: Mapping[HeaderName, HeaderValue] | None = Field(
        None,
        max_length=20,
        description="Sent with each request and kept sealed. Unset in a change: the ones that are kept stay.",
        examples=[{"Authorization": "Bearer secret"}],
    )
    timeout_s: float = Field(6.0, ge=0.5, le=20)
    effect: Literal["read", "write"] = Field(
        "write",
        description="`write` waits for the patient's yes. For an MCP server `read` means: believe its own hints.",
    )
    question: Mapping[Language, Question] = Field(
        {}, description="What the patient is asked before a write, by language.", examples=[{"en": "Shall I order it"}]
    )

    @model_validator(mode="after")
    def fits(self) -> Self:
        if (self.url is None) == (self.command is None):
            raise ValueError("give either a url or a command")
        if self.kind == "http" and self.url is None:
            raise ValueError("an HTTP tool needs a url")
        if any(name.lower() in RESERVED_HEADERS for name in self.headers or ()):
            raise ValueError("this header is set by the system")
        return self


class ListedTool(BaseModel):
    name: str = Field(description="As an agent names it.")
    description: str
    parameters: dict[str, Any]
    effect: Literal["read", "write"]


class ToolOut(BaseModel):
    id: UUID
    kind: Literal["http", "mcp"]
    name: str
    description: str
    parameters: dict[str, Any]
    method: str
    url: str | None
    command: str | None
    sends: str
    sends_patient: bool
    header_names: Sequence[str]
    timeout_s: float
    effect: Literal["read", "write"]
    question: dict[str, Any]
    offers: Sequence[ListedTool] = Field(description="What agents may name. An MCP server's tools once it was listed.")
    listed_at: datetime | None


class BuiltInOut(BaseModel):
    name: str
    description: str
    parameters: dict[str, Any]
    effect: Literal["read", "write", "end"]
    permission: Sequence[str] = Field(description="Any of these, held by whom the conversation belongs to.")


class Trial(In):
    tool: Annotated[str, StringConstraints(max_length=60)] | None = Field(
        None, description="Of an MCP server: which of its tools.", examples=[None]
    )
    arguments: Mapping[str, Any] = Field({}, examples=[{"test": "TSH"}])


class TrialOut(BaseModel):
    ok: bool
    result: Any = Field(description="As the model would get it.")
    error_code: str | None
    ms: int
