"""Every engine that has a row, as it tells of itself: real bodies, cut down to what matters here."""

from collections.abc import Mapping
from typing import Any

from tests.discovery import bodies

Pages = dict[str, Any]

DIGEST = "a6990ed6be412c6a217614b0ec8e9cd6800a743d5dd7e1d7fbe9df09e61d5615"


def listed(owner: str, *names: str, **fields: Any) -> Pages:
    """A list of models as most engines write it."""
    data = [{"id": name, "object": "model", "created": 1, "owned_by": owner} | fields for name in names]
    return {"object": "list", "data": data}


def tags(*names: str, **fields: Any) -> Pages:
    """Ollama's `/api/tags`."""
    details = {
        "format": "gguf",
        "family": "qwen3",
        "parameter_size": "8.2B",
        "quantization_level": "Q4_K_M",
        "context_length": 40_960,
    }
    return {
        "models": [
            {"name": name, "model": name, "size": 5_225_388_164, "digest": DIGEST, "details": details}
            | {"capabilities": ["completion", "tools", "thinking"]}
            | fields
            for name in names
        ]
    }


def shown(parameters: str = "", **fields: Any) -> Pages:
    """Ollama's `/api/show`."""
    info = {
        "general.architecture": "qwen3",
        "general.parameter_count": 8_190_735_360,
        "qwen3.context_length": 40_960,
    }
    abilities = ["completion", "tools", "thinking"]
    return {"parameters": parameters, "model_info": info, "capabilities": abilities} | fields


def studio(**fields: Any) -> Pages:
    """LM Studio's `/api/v0/models`, of one model."""
    entry = {
        "id": "m",
        "object": "model",
        "type": "llm",
        "compatibility_type": "gguf",
        "quantization": "Q4_K_M",
        "state": "not-loaded",
        "max_context_length": 131_072,
    }
    return {"object": "list", "data": [entry | fields]}


def ollama() -> Pages:
    return {
        "/": "Ollama is running",
        "/v1/models": listed("library", "qwen3:latest"),
        "/api/version": {"version": "0.12.0"},
        "/api/tags": tags("qwen3:latest"),
        "/api/ps": {"models": []},
        "/api/show": shown(),
    }


def lemonade() -> Pages:
    entry = {"recipe": "llamacpp", "size": 0.38, "context_length": 40_960, "labels": ["reasoning"]}
    models = listed("lemonade", "m", **entry)
    return {
        "/v1/models": models,
        "/api/v1/models": models,
        "/api/v1/health": {
            "status": "ok",
            "version": "10.3.0",
            "model_loaded": "m",
            "all_models_loaded": [{"model_name": "m", "type": "llm", "recipe_options": {"ctx_size": 4096}}],
            "max_models": {"llm": 1, "embedding": 1},
        },
        # It answers in Ollama's dialect too.
        "/api/version": {"version": "0.16.1"},
        "/api/tags": {"models": [{"name": "m:latest", "model": "m:latest"}]},
        "/api/ps": {"models": []},
    }


def koboldcpp() -> Pages:
    return {
        "/v1/models": listed("koboldcpp", "koboldcpp/m"),
        "/api/extra/version": {"result": "KoboldCpp", "version": "1.98", "llm": True, "vision": False},
        "/api/extra/true_max_context_length": {"value": 8192},
        # It imitates llama-server and Ollama.
        "/props": {"default_generation_settings": {"n_ctx": 8192}, "total_slots": 1},
        "/api/version": {"version": "0.7.0"},
        "/api/tags": {"models": []},
    }


def localai() -> Pages:
    return {
        "/v1/models": {"object": "list", "data": [{"id": "m", "object": "model"}]},
        "/system": {"backends": ["llama-cpp"], "loaded_models": [{"id": "m"}]},
        "/version": {"version": "v3.5.0"},
        "/api/version": {"version": "0.9.0"},
        "/api/tags": {"models": []},
    }


def sglang(path: str = "/model_info") -> Pages:
    return {
        "/v1/models": listed("sglang", "m", max_model_len=32_768),
        path: {"model_path": "m", "tokenizer_path": "m", "is_generation": True},
    }


def litellm() -> Pages:
    return {
        "/": "<html>",
        "/v1/models": listed("openai", "gpt", "local"),
        "/health/readiness": {"status": "healthy", "litellm_version": "1.77.0"},
        "/openapi.json": {"openapi": "3.1.0"},
    }


def kinds() -> Mapping[str, Pages]:
    """The pages of each, by its row."""
    return {
        "llama-server": {"/v1/models": bodies.models("m"), "/props": bodies.props()},
        "ollama": ollama(),
        "lm-studio": {"/v1/models": listed("organization_owner", "m"), "/api/v0/models": studio()},
        "vllm": {
            "/v1/models": listed("vllm", "m", max_model_len=32_768),
            "/version": {"version": "0.11.0"},
            "/openapi.json": {"openapi": "3.1.0"},
        },
        "llama-swap": {
            "/v1/models": listed("llama-swap", "m", "n"),
            "/running": {"running": [{"model": "m", "state": "ready"}]},
        },
        "localai": localai(),
        "jan": {"/v1/models": listed("llama.cpp", "m"), "/openapi.json": {"openapi": "3.1.0"}},
        "koboldcpp": koboldcpp(),
        "lemonade": lemonade(),
        "sglang": sglang(),
        "litellm": litellm(),
    }
