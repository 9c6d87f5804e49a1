"""What leaves in the log."""

import logging

import orjson

from auricle.log import JsonFormatter


def test_a_ticket_in_an_address_is_not_logged_where_the_server_tells_of_a_socket() -> None:
    args = ("127.0.0.1:5", "/ws/phone/exotel?ticket=secret&more=secret")
    record = logging.LogRecord("uvicorn.error", logging.INFO, "", 0, '%s - "WebSocket %s" [accepted]', args, None)
    told = orjson.loads(JsonFormatter().format(record))
    assert told["message"] == '127.0.0.1:5 - "WebSocket /ws/phone/exotel?…" [accepted]'
