"""Settings: frozen, typed, read once at start from `AURICLE_…` variables. No module reads the environment."""

import os
import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, IPvAnyNetwork, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def default_data_dir() -> Path:
    """Where the embedded database, objects and model files live unless `AURICLE_DATA_DIR` says otherwise.

    As root it must be reachable by `nobody` (PostgreSQL refuses to run as root), so never below root's HOME.
    """
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/auricle")
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(state) / "auricle"


class Voice(BaseModel, frozen=True):
    start_s: float = Field(0.2, ge=0.05, le=2.0, description="Speech that starts a turn, in seconds.")
    start_while_speaking_s: float = Field(0.16, ge=0.05, le=2.0, description="The same while the agent speaks.")
    stop_s: float = Field(0.2, ge=0.1, le=3.0, description="Silence after which an answer is prepared, in seconds.")
    settle_s: float = Field(0.5, ge=0.1, le=3.0, description="Silence that ends a turn; below stop_s: stop_s does.")
    unfinished_s: float = Field(1.2, ge=0.1, le=5.0, description="The same after words such as `and` or `my`.")
    confirm_s: float = Field(0.4, ge=0.1, le=3.0, description="Speech that confirms an interruption without words.")
    threshold: float = Field(0.5, gt=0, lt=1, description="Speech probability that counts as speech.")
    lead_s: float = Field(0.24, ge=0.04, le=2.0, description="How far ahead of real time audio is sent.")
    digits_s: float = Field(2.0, ge=0.2, le=30, description="Keys pressed closer together than this are one turn.")
    turn_model: Path | None = Field(None, description="ONNX file as smart-turn v3's; unset: silence decides.")
    max_calls: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="Calls a process takes before it refuses new ones; unset: by this core's speed.",
    )
    max_lag_s: float = Field(0.25, gt=0, le=5.0, description="Event-loop lag above which new calls are refused.")
    reply_deadline_s: float = Field(4.0, ge=0.5, le=30, description="Without audio by then, a filler is spoken.")
    idle_s: float = Field(30.0, ge=5, le=600, description="A socket that sends nothing for so long is closed.")
    resume_s: float = Field(30.0, ge=0, le=600, description="A call waits so long for a lost browser to come back.")
    max_call_s: float = Field(3600.0, ge=60, le=14400, description="Longest call.")
    drain_s: float = Field(
        300.0, ge=0, le=14400, description="How long running calls may go on after the process was told to stop."
    )


class Provider(BaseModel, frozen=True):
    """One provider account of the installation: where it is, with which key, and which models to use.

    `AURICLE_PROVIDERS__VLLM__URL=http://localhost:8000/v1`, `…__KEY=…`, `…__LLM=name-of-the-model`.
    """

    vendor: str = Field("openai_compatible", description="Name of the vendor module that speaks to it.")
    url: str | None = None
    key: SecretStr | None = None
    llm: str | None = Field(None, description="Language model name.")
    stt: str | None = None
    tts: str | None = None
    embedding: str | None = None
    translation: str | None = None
    rerank: str | None = None
    options: dict[str, str] = Field({}, description="What only this vendor knows, as a region.")
    trusted: bool | None = Field(
        None,
        description="It is a server of yours: what must not reach a cloud unmasked may reach it, and recognizers there "
        "may be told patients' names. Unset: what is at this machine's own address; false: not that either, being a "
        "proxy to a cloud.",
    )
    probe: bool = Field(
        True,
        description="While it is out of order, small calls find out when it works again; false: a patient's turn does.",
    )


class Timeouts(BaseModel, frozen=True):
    """Phases of one provider call, in seconds."""

    connect_s: float = Field(3.0, gt=0, le=60)
    first_s: float = Field(6.0, gt=0, le=300, description="From the request to the first event.")
    gap_s: float = Field(8.0, gt=0, le=300, description="Between two events.")
    total_s: float = Field(60.0, gt=0, le=1800)


class Hedging(BaseModel, frozen=True):
    """A model or a voice that is slow to begin gets the next of its list beside it; who speaks first is heard."""

    share: float = Field(0.05, ge=0, le=0.5, description="Of an organization's calls, at the most; 0: never.")
    after_s: float | None = Field(
        None, gt=0, le=60, description="Wait so long; unset: as long as this provider takes in 19 of 20 answers."
    )
    least_s: float = Field(0.3, gt=0, le=60, description="But no shorter than this,")
    most_s: float = Field(
        2.0, gt=0, le=60, description="and no longer than this, which also holds for one not yet known."
    )


class Limits(BaseModel, frozen=True):
    """Requests within a window, as `600/minute`. Several processes share the counts through a Redis or Valkey."""

    address: str = Field("120/minute", description="Not signed in, or signed in wrongly, from one address.")
    user: str = "600/minute"
    key: str = Field("600/minute", description="One API key.")
    models: str = Field("60/minute", description="Answers and embeddings of one key in OpenAI's form (`/v1`).")
    tokens: str = Field("5000000/day", description="Tokens of one key there.")
    organization: str = Field("12000/minute", description="All people and keys of one organization together.")
    url: SecretStr | None = Field(None, description="redis://… or valkey://…; unset: counted in this process.")


class Mail(BaseModel, frozen=True):
    """The SMTP server that sends for us. Without a host, mail is shown on the operator's console instead."""

    host: str | None = None
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: SecretStr | None = None
    sender: str = "Auricle <auricle@localhost>"
    timeout_s: float = Field(15.0, gt=0, le=120)


class Google(BaseModel, frozen=True):
    """Sign-in with Google, or with another OpenID provider that can be discovered. Off without a client id."""

    client_id: str | None = None
    client_secret: SecretStr | None = None
    issuer: str = "https://accounts.google.com"


class Phone(BaseModel, frozen=True):
    """Calls that we make. The hours are the organization's own; 9 to 21 is what India's regulator allows."""

    first_hour: int = Field(9, ge=0, le=23, description="No call before this hour.")
    last_hour: int = Field(21, ge=1, le=24, description="No call from this hour on.")
    calls_per_minute: int = Field(30, ge=1, le=10_000, description="Calls an organization may have made in a minute.")
    prefixes: tuple[str, ...] = Field((), description="Only numbers that begin so are called, as +91; unset: any.")
    ring_s: int = Field(40, ge=10, le=120, description="How long it rings before nobody answered.")
    rest_hosts: tuple[str, ...] = Field(
        (), description="Hosts (`name:port`) beside the carriers' own that a carrier account may name as its interface."
    )


class KnowledgeSearch(BaseModel, frozen=True):
    """How knowledge is ranked and judged. What is not set is as measured in `bench/knowledge`."""

    dense: float | None = Field(None, ge=0, le=1, description="Weight of similarity.")
    lexical: float | None = Field(None, ge=0, le=1, description="Weight of letters in common.")
    title: float | None = Field(None, ge=0, le=20, description="Weight of the title's letters, beside the body's 1.")
    coverage: float | None = Field(None, ge=0, le=5, description="Bonus for the whole of the question's words.")
    sound: float | None = Field(None, ge=0, le=20, description="Weight of sound, beside letters' 1, in Indic scripts.")
    sought: float | None = Field(None, ge=0, le=5, description="Weight of telling what the question asks for.")
    depth: int | None = Field(None, ge=10, le=1000, description="How many of the best define the scale.")
    answer: float | None = Field(None, gt=0, le=1, description="Support from which to answer.")
    confirm: float | None = Field(None, gt=0, le=1, description="Support from which to ask back.")
    lexical_answer: float | None = Field(None, gt=0, le=1, description="The same by words alone.")
    lexical_confirm: float | None = Field(None, gt=0, le=1)
    rerank_candidates: int = Field(24, ge=2, le=50, description="How many of the best a provider puts in order.")
    rerank_s: float = Field(1.5, gt=0, le=30, description="It has so long; after that our own order stands.")


class Qdrant(BaseModel, frozen=True):
    """A Qdrant server that keeps the vectors of the knowledge. Without a URL, PostgreSQL does."""

    url: str | None = Field(None, pattern="^https?://", description="As `https://qdrant.internal:6333`.")
    key: SecretStr | None = Field(None, description="One that may make collections.")
    prefix: str = Field("auricle", pattern="^[A-Za-z0-9_-]{1,40}$", description="What names of collections begin with.")
    sharding: Literal["shared", "organization"] = Field(
        "shared",
        description="`shared`: organizations share shards, each point carries its own and each has its own graph; "
        "`organization`: each has shards of its own (few and large ones; Qdrant as a cluster).",
    )
    shards: int = Field(1, ge=1, le=256, description="Of a collection; of an organization where each has its own.")
    replicas: int = Field(1, ge=1, le=16, description="Copies of each shard.")
    timeout_s: float = Field(2.0, ge=0.1, le=60, description="Of a search; after that words alone are searched.")


class ObjectStore(BaseModel, frozen=True):
    """A bucket that speaks S3, for everything that is a file. Without one, files lie in a folder of `data_dir`."""

    bucket: str | None = Field(None, pattern="^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$")
    region: str = "us-east-1"
    endpoint: str | None = Field(
        None, pattern="^https?://", description="Of a server that is not Amazon's, as `https://minio.internal:9000`."
    )
    access_key: SecretStr | None = Field(
        None, description="Unset, with the secret: the role this machine has at Amazon."
    )
    secret_key: SecretStr | None = None
    prefix: str = Field("", pattern="^[A-Za-z0-9/_-]{0,100}$", description="What every object's name begins with.")
    timeout_s: float = Field(10.0, ge=0.5, le=120, description="A store that is silent for so long is given up.")


class PresidioFinder(BaseModel, frozen=True):
    """Microsoft's Presidio, heard besides our own finders of identifiers. It is installed apart."""

    on: bool = Field(False, description="Needs `pip install presidio-analyzer` where it runs.")
    model: str | None = Field(None, description="An installed spaCy model, as en_core_web_lg; unset: patterns alone.")
    least: float = Field(0.3, ge=0, le=1, description="Finds below this score are dropped.")
    countries: tuple[str, ...] = Field(("IN", "US"), description="Whose numbers are looked for besides.")


class AI(BaseModel, frozen=True):
    """The AI service: how the others reach it, and how much it takes on. Without a URL each process is its own."""

    url: str | None = Field(
        None,
        pattern=r"^https?://[^,\s]+(,https?://[^,\s]+)*$",
        description="Its address, or those of several separated by commas; unset: in this process.",
    )
    secret: SecretStr | None = Field(
        None, min_length=32, description="Known to the AI service and to those who ask it; 32 characters or more."
    )
    port: int = Field(8002, ge=1, le=65535)
    at_once: int = Field(10, ge=1, le=256, description="Requests that are worked on together.")
    waiting: int = Field(64, ge=0, le=10_000, description="Requests that wait for a place; more are refused.")
    timeout_s: float = Field(300.0, ge=1, le=3600, description="Of one request, waiting and repeating included.")
    connect_s: float = Field(3.0, gt=0, le=60)
    look_s: float = Field(5.0, gt=0, le=60, description="Without an answer for so long it is asked whether it lives.")
    attempts: int = Field(3, ge=1, le=10, description="How often a request is sent before it has failed.")
    drain_s: float = Field(30.0, ge=0, le=3600, description="What runs may take so long when it is told to stop.")
    presidio: PresidioFinder = PresidioFinder()
    entity_model: Path | None = Field(
        None, description="Folder of a token classifier (model.onnx, tokenizer.json, config.json); unset: lists alone."
    )
    device: Literal["auto", "cpu"] = Field("auto", description="`auto`: a GPU where onnxruntime has one.")


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="AURICLE_",
        env_nested_delimiter="__",
        frozen=True,
        extra="ignore",
        env_file=".env",
        env_file_encoding="utf-8",
    )

    data_dir: Path = Field(default_factory=default_data_dir)
    database_url: SecretStr | None = Field(None, description="The application role's URL; unset: embedded PostgreSQL.")
    owner_url: SecretStr | None = Field(None, description="The owner role's URL, for migrations.")
    worker_url: SecretStr | None = Field(None, description="The job worker role's URL.")
    master_key: SecretStr | None = Field(None, description="32 bytes, base64. Seals every data key. Unset: a key file.")
    host: str = "127.0.0.1"
    port: int = Field(8001, ge=1, le=65535)
    public_url: str | None = Field(None, description="How browsers reach us, where that is not http://host:port.")
    voice_url: str | None = Field(
        None, description="How callers reach the processes that hold calls, where that is not the public URL."
    )
    allowed_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[IPvAnyNetwork, ...] = Field(
        (), description="Networks of proxies whose X-Forwarded-For is believed."
    )
    trusted_networks: tuple[IPvAnyNetwork, ...] = Field(
        (ip_network("127.0.0.0/8"), ip_network("::1/128")),
        description="Where /docs, /openapi.json and /metrics may be read from.",
    )
    limits: Limits = Limits()
    log_level: str = "INFO"
    log_file: Path | None = None
    ai_url: str | None = Field(None, description="Address of the AI service; unset: in process.")
    ai_key: SecretStr | None = None
    objects: ObjectStore = ObjectStore()

    objects_url: str | None = Field(None, description="s3://… or file:///…; unset: a folder in data_dir.")
    models_dir: Path | None = Field(None, description="Local model files; unset: data_dir/models.")
    max_body_bytes: int = Field(20_000_000, ge=1_000)
    access_token_s: int = Field(900, ge=60, le=3600)
    refresh_token_s: int = Field(14 * 86400, ge=3600, description="Longest sign-in; refreshing does not extend it.")
    sign_in_idle_s: int = Field(3 * 86400, ge=3600, description="A sign-in not used for so long is over.")
    page_idle_s: int = Field(
        1800, ge=120, le=86400, description="The console signs out a page that nobody touched for so long."
    )
    session_idle_s: int = Field(3600, ge=60, description="A consultation session without a message ends after this.")
    mail: Mail = Mail()
    google: Google = Google()
    voice: Voice = Voice()
    phone: Phone = Phone()
    timeouts: Timeouts = Timeouts()
    hedging: Hedging = Hedging()
    knowledge: KnowledgeSearch = KnowledgeSearch()
    qdrant: Qdrant = Qdrant()
    ai: AI = AI()
    providers: dict[str, Provider] = {}
    providers_order: dict[str, dict[str, tuple[str, ...]]] = Field(
        {},
        description="Who is asked first, by capability and language (`default`: any other): "
        '`AURICLE_PROVIDERS_ORDER__STT__HI=["sarvam","groq"]`. Unset: in the order of the settings.',
    )
    providers_shared: tuple[str, ...] | None = Field(
        None, description="The accounts among `providers` that organizations may use; unset: all of them."
    )
    providers_allow_hosts: tuple[str, ...] = Field(
        (),
        description="Hosts (`name` or `name:port`) at which organizations' own provider accounts may be although they "
        "are private or without TLS.",
    )
    tools_allow_hosts: tuple[str, ...] = Field(
        (), description="Hosts (`name` or `name:port`) that tools may reach although private or without TLS."
    )
    tools_mcp_commands: tuple[str, ...] = Field(
        (), description="Commands that may be started as MCP servers, exactly as written."
    )
    sample_data: bool = Field(True, description="Seed the sample clinic into an empty installation (`auricle up`).")

    @property
    def models_path(self) -> Path:
        return self.models_dir or self.data_dir / "models"

    @property
    def base_url(self) -> str:
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def socket_url(self) -> str:
        """The base of the addresses that live calls are opened at."""
        return (self.voice_url or self.base_url).replace("http", "ws", 1).rstrip("/")


def is_linux() -> bool:
    return sys.platform.startswith("linux")
