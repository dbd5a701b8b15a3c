"""What engines say of themselves, cut down from real bodies to what matters here."""

import json
from typing import Any

from pointsman.discovery.listing import Listing, read_models

META = {"n_ctx": 2048, "n_ctx_train": 4096, "n_params": 107968, "size": 431872, "ftype": "Q4_K - Medium"}


def models(*names: str, **fields: Any) -> dict[str, Any]:
    """A llama-server's list."""
    data = [
        {"id": name, "aliases": [name], "object": "model", "owned_by": "llamacpp", "meta": META} | fields
        for name in names
    ]
    return {"object": "list", "data": data}


def props(**changed: Any) -> dict[str, Any]:
    return {
        "default_generation_settings": {"n_ctx": 2048},
        "total_slots": 2,
        "model_alias": "",
        "model_ftype": "Q4_K - Medium",
        "modalities": {"vision": False, "audio": False},
        "chat_template_caps": {"supports_tools": True, "supports_tool_calls": True},
        "build_info": "b1-abc",
        "is_sleeping": False,
    } | changed


def routed(**statuses: dict[str, Any]) -> dict[str, Any]:
    """A router's list: the models by name, each with its status."""
    data = [
        {"id": name, "aliases": [], "object": "model", "status": status} for name, status in statuses.items()
    ]
    return {"object": "list", "data": data}


def router_props() -> dict[str, Any]:
    return {
        "role": "router",
        "max_instances": 2,
        "model_alias": "llama-server",
        "default_generation_settings": {"params": None, "n_ctx": 0},
        "build_info": "b1-abc",
    }


LOADING = {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}
NO_KEY = {"error": {"message": "Invalid API Key", "type": "authentication_error", "code": 401}}


def read(body: object) -> Listing:
    """A list as it comes over the wire."""
    listing = read_models(json.loads(json.dumps(body)))
    assert listing is not None
    return listing
