"""Google's translation: version 2 with an API key, version 3 in a project of one's own with a service account."""

from typing import Any
from urllib.parse import quote

from auricle.providers.account import Account
from auricle.providers.dialects.pieces import pieces
from auricle.providers.ports import ProviderGarbled, ProviderRefused, Translated, Usage
from auricle.providers.vendors.google_cloud.access import ACCESS

MOST_CHARACTERS = 5_000  # of one request, as Google recommends
HOST = "https://translation.googleapis.com"


class Translate:
    """Neural translation; a model of another name is given on as it is."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def translate(self, text: str, *, source: str, target: str, model: str | None = None) -> Translated:
        name, cut = self._account.model("translation", model), pieces(text, MOST_CHARACTERS)
        said = [await self._piece(piece, source, target, name) for piece in cut]
        return Translated(" ".join(said), Usage(characters=len(text), requests=len(cut)))

    async def _piece(self, text: str, source: str, target: str, name: str) -> str:
        if "authorization" in await self._account.authorization():
            said = await self._in_project(text, source, target, name)
        else:
            body = {"q": [text], "source": source, "target": target, "format": "text", "model": name}
            answer = await self._account.post(f"{HOST}/language/translate/v2", json=body)
            said = answer.get("data") if isinstance(answer, dict) else None
        try:
            return str(said["translations"][0]["translatedText"]).strip()
        except (KeyError, TypeError, IndexError):
            raise ProviderGarbled("The answer holds no translation.") from None

    async def _in_project(self, text: str, source: str, target: str, name: str) -> Any:
        options = self._account.options
        project = options.get("project") or ACCESS.project(self._account)
        if not project:
            raise ProviderRefused("No project is set for translation.", provider=self._account.name)
        where = quote(project, safe=""), quote(options.get("location", "global"), safe="")
        parent = "projects/{}/locations/{}".format(*where)
        body = {
            "contents": [text],
            "mimeType": "text/plain",
            "sourceLanguageCode": source,
            "targetLanguageCode": target,
            "model": f"{parent}/models/{name if '/' in name else f'general/{name}'}",
        }
        return await self._account.post(f"{HOST}/v3/{parent}:translateText", json=body)
