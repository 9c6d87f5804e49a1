"""A Qdrant server as far as we ask it: over the client library's local mode, with what that lacks.

It has shard keys and strict mode, checks every body against the client's own models, and refuses each request about
points that is not bound to one organization, by its filter and (where organizations have shards) by its shard.
"""

import asyncio
import json
import re
from collections.abc import Iterator

import httpx
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.models import models as rest

PATH = re.compile(r"/collections/(?P<name>[^/]+)(?P<rest>/.*)?")
BODIES = {
    ("POST", "/points/query"): rest.QueryRequest,
    ("POST", "/points/scroll"): rest.ScrollRequest,
    ("POST", "/points/delete"): rest.FilterSelector,
    ("PUT", "/points"): rest.PointsList,
    ("PUT", "/shards"): rest.CreateShardingKey,
    ("PUT", "/index"): rest.CreateFieldIndex,
    ("PUT", ""): rest.CreateCollection,
}


class Refused(Exception):
    def __init__(self, status: int, why: str) -> None:
        self.status, self.why = status, why


class Emulator(httpx.AsyncBaseTransport):
    def __init__(self, key: str | None = None) -> None:
        self.key = key
        self.seen: list[tuple[str, str, dict]] = []
        self.is_away = False  # nobody answers
        self.hangs = False  # somebody does, much too late
        self.fails_with: int | None = None
        self.lose()

    def lose(self) -> None:
        """Begin with nothing, as from an empty disk."""
        self.made: dict[str, rest.CreateCollection] = {}
        self.shards: dict[str, list[rest.CreateShardingKey]] = {}
        self.indexes: dict[str, dict[str, object]] = {}
        self._local = AsyncQdrantClient(":memory:")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(await request.aread() or b"{}")
        path = request.url.path
        self.seen.append((request.method, path, body))
        if self.is_away:
            raise httpx.ConnectError("nobody is there")
        if self.hangs:
            await asyncio.sleep(60)
        try:
            if self.fails_with is not None:
                raise Refused(self.fails_with, "private prose")
            if request.headers.get("api-key") != self.key:
                raise Refused(401, "private prose")
            result = await self._answer(request.method, path, body)
        except Refused as refused:
            return httpx.Response(refused.status, json={"status": {"error": refused.why}, "time": 0.0})
        return httpx.Response(200, json={"result": result, "status": "ok", "time": 0.0})

    async def __call__(self, scope, receive, send) -> None:
        """The same over a socket (ASGI)."""
        if scope["type"] != "http":
            return
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message["body"], message.get("more_body", False)
        url = f"http://qdrant{scope['path']}"
        request = httpx.Request(scope["method"], url, headers=scope["headers"], content=body)
        answer = await self.handle_async_request(request)
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
        await send({"type": "http.response.body", "body": answer.content})

    async def _answer(self, method: str, path: str, body: dict) -> object:
        if (method, path) == ("GET", "/collections"):
            return {"collections": [{"name": name} for name in self.made]}
        found = PATH.fullmatch(path)
        assert found, path
        name, asked = found["name"], (method, found["rest"] or "")
        read = BODIES[asked].model_validate(body) if asked in BODIES else None
        if asked == ("GET", "/exists"):
            return {"exists": name in self.made}
        if asked == ("PUT", ""):
            return await self._create(name, read)
        if name not in self.made:
            raise Refused(404, f"Collection {name} doesn't exist")
        match asked:
            case ("GET", ""):
                return await self._describe(name)
            case ("GET", "/shards"):
                return {"shard_keys": [{"key": one.shard_key} for one in self.shards[name]]}
            case ("PUT", "/shards"):
                return await self._create_shard(name, read)
            case ("PUT", "/index"):
                if self._is_custom(name) and not self.shards[name]:
                    raise Refused(400, "Wrong input: Shard key not specified")  # as servers before 1.17 do
                self.indexes[name][read.field_name] = body["field_schema"]
                return {"status": "completed", "operation_id": 1}
        return await self._points(name, asked, read)

    async def _points(self, name: str, asked: tuple[str, str], read) -> object:
        place = self._place(name, read.shard_key)
        done = {"status": "completed", "operation_id": 1}
        if asked == ("PUT", "/points"):
            for point in read.points:
                self._expect(self._owner(name, read.shard_key), point.payload["organization_id"])
            await self._local.upsert(place, read.points)
            return done
        self._bounded(name, read.filter, read.shard_key)
        if asked == ("POST", "/points/delete"):
            await self._local.delete(place, models.FilterSelector(filter=read.filter))
            return done
        if asked == ("POST", "/points/scroll"):
            records, _ = await self._local.scroll(
                place, scroll_filter=read.filter, limit=read.limit, with_vectors=read.with_vector, with_payload=False
            )
            return {"points": [one.model_dump() for one in records]}
        answer = await self._local.query_points(
            place, query=read.query, query_filter=read.filter, limit=read.limit, with_payload=False
        )
        return answer.model_dump()

    async def _create(self, name: str, read: rest.CreateCollection) -> bool:
        if name in self.made:
            raise Refused(409, f"Collection `{name}` already exists!")
        self.made[name], self.shards[name], self.indexes[name] = read, [], {}
        if not self._is_custom(name):
            await self._local.create_collection(name, vectors_config=read.vectors)
        return True

    async def _create_shard(self, name: str, read: rest.CreateShardingKey) -> bool:
        if not self._is_custom(name):
            raise Refused(400, "Shard Key cannot be created with Auto sharding method")
        if any(one.shard_key == read.shard_key for one in self.shards[name]):
            raise Refused(400, f"Sharding key {read.shard_key} already exists")
        self.shards[name].append(read)
        await self._local.create_collection(f"{name}--{read.shard_key}", vectors_config=self.made[name].vectors)
        return True

    async def _describe(self, name: str) -> object:
        spare = f"{name}--spare"
        await self._local.create_collection(spare, vectors_config=self.made[name].vectors)
        told = (await self._local.get_collection(spare)).model_dump(mode="json")
        await self._local.delete_collection(spare)
        told["config"]["params"]["sharding_method"] = self.made[name].sharding_method
        told["payload_schema"] = {field: {"data_type": "keyword", "points": 0} for field in self.indexes[name]}
        return told

    def _is_custom(self, name: str) -> bool:
        return self.made[name].sharding_method == models.ShardingMethod.CUSTOM

    def _place(self, name: str, shard_key: object) -> str:
        if not self._is_custom(name):
            if shard_key is not None:
                raise Refused(400, "Shard key is not supported with Auto sharding")
            return name
        if shard_key is None:
            raise Refused(400, "Wrong input: Shard key not specified")
        if not any(one.shard_key == shard_key for one in self.shards[name]):
            raise Refused(400, f"Shard key {shard_key} not found")
        return f"{name}--{shard_key}"

    def _owner(self, name: str, shard_key: object) -> object:
        return shard_key if self._is_custom(name) else None

    def _bounded(self, name: str, filter_: rest.Filter | None, shard_key: object) -> None:
        """Refuse what is not bound to one organization, and (strict mode) what would look into each point."""
        if filter_ is None or filter_.should or filter_.must_not:
            raise Refused(400, "not bound")
        fields = list(_fields(filter_))
        owners = [one.match.value for one in fields if one.key == "organization_id"]
        if len(owners) != 1:
            raise Refused(400, "not bound to one organization")
        self._expect(self._owner(name, shard_key), owners[0])
        strict = self.made[name].strict_mode_config
        for one in fields:
            if strict and strict.enabled and one.key not in self.indexes[name]:
                raise Refused(400, f"Index required but not found for {one.key}")

    @staticmethod
    def _expect(owner: object, named: str) -> None:
        if owner is not None and owner != named:
            raise Refused(400, "a shard of one organization, points of another")


def _fields(filter_: rest.Filter) -> Iterator[rest.FieldCondition]:
    return (one for one in filter_.must or [] if isinstance(one, rest.FieldCondition))
