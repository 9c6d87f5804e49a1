"""moto's S3 server in this process, with one bucket."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from moto.server import ThreadedMotoServer
from pydantic import SecretStr

from auricle.settings import ObjectStore

ACCESS_KEY, SECRET_KEY = "AKIATESTONLYKEY", "a-secret-that-no-log-may-hold"


@contextmanager
def served_bucket() -> Iterator[ObjectStore]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    settings = at(f"http://{host}:{port}")
    httpx2.put(f"{settings.endpoint}/{settings.bucket}").raise_for_status()
    try:
        yield settings
    finally:
        server.stop()


def at(endpoint: str, bucket: str = "clinic", **given: object) -> ObjectStore:
    return ObjectStore.model_validate(
        {
            "bucket": bucket,
            "endpoint": endpoint,
            "access_key": SecretStr(ACCESS_KEY),
            "secret_key": SecretStr(SECRET_KEY),
            "prefix": "auricle",
            **given,
        }
    )


def stored(settings: ObjectStore) -> str:
    """What the bucket lists."""
    return httpx2.get(f"{settings.endpoint}/{settings.bucket}?list-type=2").raise_for_status().text


def unfinished(settings: ObjectStore) -> str:
    """The uploads in parts that nobody finished."""
    return httpx2.get(f"{settings.endpoint}/{settings.bucket}?uploads").raise_for_status().text
