"""`/openapi.json`, from the table of rows: what is served is what is described."""

import re
from collections.abc import Sequence
from typing import Any

from pointsman.server.rooms import Info
from pointsman.server.routes import Row

_PARAMETER = re.compile(r"{(\w+)(?::[^}]*)?}")


def describe(rows: Sequence[Row], info: Info) -> dict[str, Any]:
    """An OpenAPI 3.1 document."""
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        paths.setdefault(_PARAMETER.sub(r"{\1}", row.path), {})[row.method.lower()] = _operation(row)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pointsman", "version": info.version},
        "servers": [{"url": info.url}],
        "paths": paths,
    }


def _operation(row: Row) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "summary": row.summary,
        "responses": {"200": {"description": "Done."}, "default": {"description": "An error that says why."}},
    }
    if names := _PARAMETER.findall(row.path):
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
        ]
    if row.method == "POST":
        operation["requestBody"] = {"content": {"application/json": {"schema": {"type": "object"}}}}
    return operation
