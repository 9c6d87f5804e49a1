"""Anthropic: language models by the messages API."""

from collections.abc import AsyncGenerator

from auricle.providers.account import Account
from auricle.providers.dialects.anthropic import MessageStream, message_body
from auricle.providers.ports import LanguageEvent, LanguageRequest, ProviderGarbled
from auricle.providers.vendor import Vendor


class Messages:
    """The messages API, streamed."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def generate(self, request: LanguageRequest) -> AsyncGenerator[LanguageEvent, None]:
        body = message_body(request, self._account.model("llm", request.model), self._account.options)
        stream = MessageStream()
        async with self._account.stream("/v1/messages", json=body) as reply:
            if reply.content_type != "text/event-stream":
                raise ProviderGarbled("The provider did not answer with a stream of events.")
            async for lines in reply.lines():
                for line in lines:
                    for event in stream.line(line):
                        yield event
                if stream.is_done:
                    break
            for event in stream.end():
                yield event
            await reply.drain()


VENDOR = Vendor(
    "anthropic",
    llm=Messages,
    url="https://api.anthropic.com",
    auth="x-api-key: {key}",
    headers={"anthropic-version": "2023-06-01"},
    models={"llm": "claude-haiku-5-5"},
    options={
        "thinking": "`adaptive`: the model may think before it answers, as it sees fit; unset: as little as it can",
        "effort": "how much work an answer is worth: low, medium, high, xhigh or max, as the model knows them",
    },
)
