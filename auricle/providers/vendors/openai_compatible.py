"""Any server that speaks OpenAI's API: vLLM, Ollama, llama.cpp, LM Studio, a gateway. `url` ends in `/v1`."""

from auricle.providers.dialects.openai_api import EFFORT, Chat, Embed
from auricle.providers.dialects.openai_audio import ChunkedTranscriber, Speaker
from auricle.providers.vendor import Vendor

VENDOR = Vendor(
    "openai_compatible",
    llm=Chat,
    embedding=Embed,
    stt=ChunkedTranscriber,
    tts=Speaker,
    needs_key=False,
    options={
        EFFORT: "how much a reasoning model thinks (none, low, medium, high; as the server has it); unset: not sent",
        "forms": "how a model is made to answer by a JSON schema: native, or by a tool, or told, where a server can't",
        "dimensions": "length of the vectors, where the embedding model can shorten them",
    },
)
