"""`/docs`: the OpenAPI document as a page to read, made here. No script, nothing from elsewhere: it works offline."""

import base64
import hashlib
import json
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from auricle.web.openapi import operations

router = APIRouter(include_in_schema=False)

STYLE = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem}
summary{cursor:pointer;padding:.3rem 0}code,pre{font:14px/1.45 ui-monospace,monospace}
pre{overflow:auto;padding:.6rem;border:1px solid #8886}
.method{display:inline-block;min-width:4.2rem;font-weight:600}h2{margin-top:2rem;border-bottom:1px solid #8886}
table{border-collapse:collapse}td,th{text-align:left;padding:.15rem .8rem .15rem 0;vertical-align:top}
"""
ALLOWED_STYLE = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{ALLOWED_STYLE}'; base-uri 'none'; frame-ancestors 'none'"


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    return HTMLResponse(page(request.app.openapi()), headers={"Content-Security-Policy": POLICY})


def page(document: dict[str, Any]) -> str:
    info = document["info"]
    title = f"{escape(info['title'])} {escape(info['version'])}"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><h1>{title}</h1>'
        f'<p>{escape(info["description"])}</p><p><a href="/openapi.json">The same for programs</a></p>'
        + "".join(section(document, tag) for tag in document["tags"])
        + "</body></html>"
    )


def section(document: dict[str, Any], tag: dict[str, str]) -> str:
    rows = [
        operation_row(document, path, method, operation)
        for path, method, operation in operations(document)
        if operation["tags"][0] == tag["name"]
    ]
    return f"<h2>{escape(tag['name'])}</h2><p>{escape(tag['description'])}</p>" + "".join(rows)


def operation_row(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> str:
    said = "".join(f"<p>{escape(line)}</p>" for line in operation["description"].split("\n\n"))
    head = f'<span class="method">{method.upper()}</span> <code>{escape(path)}</code> {escape(operation["summary"])}'
    return f"<details><summary>{head}</summary>{said}{taken(document, operation)}{given(document, operation)}</details>"


def taken(document: dict[str, Any], operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(p['name'])}</code></td><td>{escape(p['in'])}{', required' if p.get('required') else ''}"
        f"</td><td>{escape(p.get('description', ''))}</td></tr>"
        for p in operation.get("parameters", ())
    )
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    example = f"<p>Body, for example:</p><pre>{escape(pretty(body['example']))}</pre>" if "example" in body else ""
    return (f"<table>{rows}</table>" if rows else "") + example


def given(document: dict[str, Any], operation: dict[str, Any]) -> str:
    shared = document["components"]["responses"]
    rows = "".join(
        f"<tr><td><code>{status}</code></td><td>"
        f"{escape(shared.get(one.get('$ref', '').rsplit('/', 1)[-1], one).get('description', ''))}</td></tr>"
        for status, one in operation["responses"].items()
    )
    return f"<table>{rows}</table>"


def pretty(example: Any) -> str:
    return json.dumps(example, indent=2, ensure_ascii=False)
