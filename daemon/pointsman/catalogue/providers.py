"""The rows: engines and clouds. Knowledge only; a new OpenAI-compatible provider is one row.

Ports, marks, pages and environment variables are from each project's own documentation and source;
llama-server's were seen on a real one. A mark must not fit an engine that merely imitates another:
KoboldCpp has a `/props` too, and half of them answer Ollama's `/api/tags` and `/api/version`.
A row without marks is known by its address or by its process alone; a tunnel's process outweighs all marks.
Of Anthropic's requests LM Studio (its bug 2055), Ollama (since 0.14; its issue 13949) and LocalAI
(core/http/routes/anthropic.go) take `/v1/messages` alone. The counting of tokens too is served by vLLM
(vllm/entrypoints/anthropic) and SGLang (srt/entrypoints/http_server.py), and passed on by llama-swap (its
pull requests 417 and 476).

OpenAI's newer models refuse `max_tokens` (platform.openai.com/docs/api-reference/chat/create); to Groq, xAI
and Cerebras it is an old name that still works, to all others here the only one or as good as the new.

Who trains on prompts (`trains`, and `trains_free` of what costs nothing), by their own words, November 2026.
No: OpenAI's API (platform.openai.com/docs/guides/your-data), Anthropic's (its commercial terms), Groq, which
keeps none of what it is asked (console.groq.com/docs/your-data), Cerebras, which keeps none
(support.cerebras.net, "Does Cerebras retain my data?"). May: Gemini unpaid (ai.google.dev/gemini-api/terms),
Mistral's free plan (help.mistral.ai, article 323757), what is free at OpenRouter
(openrouter.ai/docs/guides/privacy/provider-logging). Gemini and Mistral don't where one pays, but no key says
whether it does; DeepSeek's terms for its API don't say; a gateway is as good as whom it asks: all unknown.
"""

from types import MappingProxyType

from pointsman.catalogue.row import Allowance, FreeTier, Mark, Provider
from pointsman.types import Auth, Dialect, Tier

GENERIC = Provider("generic", "OpenAI-compatible server", tier=None, auth=Auth.BEARER)
GENERIC_ANTHROPIC = Provider(
    "generic-anthropic", "Anthropic-compatible server", Dialect.ANTHROPIC, tier=None, auth=Auth.X_API_KEY
)

PROVIDERS: tuple[Provider, ...] = (
    # Engines on this machine.
    Provider(
        "llama-server",
        "llama.cpp server",
        tier=Tier.LOCAL,
        ports=(8080, 9931),
        host_env=("LLAMA_ARG_HOST",),
        port_env=("LLAMA_ARG_PORT",),
        programs=("llama-server",),
        marks=(
            Mark("/v1/models", header="Server", value="llama.cpp"),
            Mark("/props", key="default_generation_settings", owner="llamacpp"),  # behind a proxy
        ),
        pages=("/props",),
        speaks=("anthropic.messages", "anthropic.count"),
        takes_any_name=True,
        context_setting="-c {}",
        tools_setting="--jinja",
        docs_url="https://github.com/ggml-org/llama.cpp/tree/master/tools/server",
    ),
    Provider(
        "ollama",
        "Ollama",
        Dialect.OLLAMA,
        Tier.LOCAL,
        ports=(11434,),
        host_env=("OLLAMA_HOST",),
        programs=("ollama",),
        marks=(Mark("/", text="Ollama is running"),),
        pages=("/api/version", "/api/tags", "/api/ps"),
        vital="/api/tags",
        describes="/api/show",  # reads the weights' header and loads nothing
        speaks=("anthropic.messages",),
        context_setting="OLLAMA_CONTEXT_LENGTH={}",
        docs_url="https://docs.ollama.com/api",
    ),
    Provider(
        "lm-studio",
        "LM Studio",
        tier=Tier.LOCAL,
        ports=(1234,),
        programs=("lm-studio", "lm studio", "llmster"),
        marks=(Mark("/api/v0/models", key="compatibility_type"),),
        pages=("/api/v0/models",),
        speaks=("anthropic.messages",),
        context_setting="a context length of {} in the model's load settings",
        docs_url="https://lmstudio.ai/docs/developer/rest/endpoints",
    ),
    Provider(
        "vllm",
        "vLLM",
        tier=Tier.LOCAL,
        ports=(8000,),
        programs=("vllm", "vllm.entrypoints.openai.api_server"),
        marks=(Mark("/version", key="version", owner="vllm"),),
        pages=("/version",),
        speaks=("anthropic.messages", "anthropic.count"),
        context_setting="--max-model-len {}",
        tools_setting="--enable-auto-tool-choice --tool-call-parser NAME",
        docs_url="https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
    ),
    Provider(
        "llama-swap",
        "llama-swap",
        tier=Tier.LOCAL,
        ports=(8080,),
        programs=("llama-swap",),
        marks=(Mark("/running", key="running", owner="llama-swap"),),
        pages=("/running",),
        speaks=("anthropic.messages", "anthropic.count"),
        context_setting="-c {} in the model's cmd",
        tools_setting="--jinja in the model's cmd",
        docs_url="https://github.com/mostlygeek/llama-swap",
    ),
    Provider(
        "localai",
        "LocalAI",
        tier=Tier.LOCAL,
        ports=(8080,),
        host_env=("LOCALAI_ADDRESS",),
        programs=("local-ai", "localai"),
        marks=(Mark("/system", key="loaded_models"),),
        pages=("/system",),
        speaks=("anthropic.messages",),
        context_setting="context_size: {} in the model's YAML file",
        docs_url="https://localai.io/basics/getting_started/",
    ),
    Provider(
        "jan",
        "Jan",
        tier=Tier.LOCAL,
        ports=(1337,),
        programs=("jan",),
        marks=(Mark("/openapi.json", key="openapi", owner="llama.cpp"),),  # once it has loaded a model
        owners=("llama.cpp", "mlx"),  # it passes on to providers of the cloud as well
        context_setting="a context size of {} in the model's settings",
        docs_url="https://www.jan.ai/docs/desktop/api-server",
    ),
    Provider(
        "koboldcpp",
        "KoboldCpp",
        tier=Tier.LOCAL,
        ports=(5001,),
        programs=("koboldcpp", "koboldcpp-linux-x64", "koboldcpp-linux-x64-nocuda", "koboldcpp-mac-arm64"),
        marks=(Mark("/api/extra/version", key="result", value="KoboldCpp", owner="koboldcpp"),),
        pages=("/api/extra/version", "/api/extra/true_max_context_length"),
        takes_any_name=True,
        context_setting="--contextsize {}",
        docs_url="https://github.com/LostRuins/koboldcpp/wiki",
    ),
    Provider(
        "lemonade",
        "Lemonade",
        tier=Tier.LOCAL,
        ports=(13305, 8000),
        host_env=("LEMONADE_HOST",),
        port_env=("LEMONADE_PORT",),
        programs=("lemonade-server", "lemonade-server-dev", "lemonade-router", "lemond"),
        marks=(Mark("/api/v1/health", key="model_loaded", owner="lemonade"),),
        pages=("/api/v1/models", "/api/v1/health"),
        vital="/api/v1/models",
        context_setting="--ctx-size {}",
        docs_url="https://lemonade-server.ai/docs/server/server_spec/",
    ),
    Provider(
        "sglang",
        "SGLang",
        tier=Tier.LOCAL,
        ports=(30000,),
        programs=("sglang.launch_server", "sglang"),
        marks=(
            Mark("/model_info", key="is_generation", owner="sglang"),
            Mark("/get_model_info", key="is_generation", owner="sglang"),  # older ones
        ),
        pages=("/model_info",),
        speaks=("anthropic.messages", "anthropic.count"),
        context_setting="--context-length {}",
        tools_setting="--tool-call-parser NAME",
        docs_url="https://docs.sglang.ai/basic_usage/native_api.html",
    ),
    Provider(  # it has no mark of its own: Python's plain HTTP server, and a bare list
        "mlx",
        "MLX",
        tier=Tier.LOCAL,
        programs=("mlx_lm.server",),
        docs_url="https://github.com/ml-explore/mlx-lm/blob/main/mlx_lm/SERVER.md",
    ),
    Provider(
        "litellm",
        "LiteLLM proxy",
        tier=None,
        ports=(4000,),
        programs=("litellm",),
        marks=(Mark("/health/readiness", key="litellm_version"),),
        docs_url="https://docs.litellm.ai/docs/proxy/health",
    ),
    Provider(
        "tunnel",
        "Tunnel",
        tier=None,
        programs=("ssh", "autossh", "kubectl", "cloudflared"),
        relays=True,
        docs_url="https://man.openbsd.org/ssh#L",
    ),
    # Clouds.
    Provider(
        "openrouter",
        "OpenRouter",
        tier=Tier.PAID,
        base_url="https://openrouter.ai/api/v1",
        key_env=("OPENROUTER_API_KEY",),
        base_env=("OPENROUTER_BASE_URL",),
        sign_in="https://openrouter.ai/settings/keys",
        open_list=True,
        key_page="/key",
        tells_cost=True,
        trains_free=True,
        docs_url="https://openrouter.ai/models",
        free=FreeTier(
            (Allowance(20, "minute"), Allowance(50, "day", bought=1000)),
            source="https://openrouter.ai/docs/api-reference/limits, 2026-10-17",
            suffix=":free",
        ),
    ),
    Provider(
        "openai",
        "OpenAI",
        tier=Tier.PAID,
        base_url="https://api.openai.com/v1",
        key_env=("OPENAI_API_KEY",),
        sign_in="https://platform.openai.com/api-keys",
        cap_field="max_completion_tokens",
        trains=False,
        docs_url="https://platform.openai.com/docs/models",
        id_pattern=r"(?:gpt-\d|o\d|chatgpt-)[\w.-]*",
    ),
    Provider(
        "anthropic",
        "Anthropic",
        Dialect.ANTHROPIC,
        Tier.PAID,
        base_url="https://api.anthropic.com/v1",
        auth=Auth.X_API_KEY,
        key_env=("ANTHROPIC_API_KEY",),
        sign_in="https://console.anthropic.com/settings/keys",
        trains=False,
        docs_url="https://docs.claude.com/en/docs/about-claude/models",
        id_pattern=r"claude-[a-z0-9][\w.-]+",
    ),
    Provider(
        "gemini",
        "Google Gemini",
        tier=Tier.PAID,
        base_url="https://generativelanguage.googleapis.com/v1beta/openai",
        key_env=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        sign_in="https://aistudio.google.com/apikey",
        trains_free=True,
        docs_url="https://ai.google.dev/gemini-api/docs/models",
        free=FreeTier(  # by what its refusals say: Google shows its figures to who is signed in, and no page
            (
                Allowance(5, "minute", by_model=True),
                Allowance(20, "day", by_model=True, zone="America/Los_Angeles"),
            ),
            source="https://ai.google.dev/gemini-api/docs/rate-limits and its users' refusals, 2026-09-08",
            on_plan=True,
        ),
        id_pattern=r"gemini-\d[\w.-]+",
    ),
    Provider(
        "groq",
        "Groq",
        tier=Tier.PAID,
        base_url="https://api.groq.com/openai/v1",
        key_env=("GROQ_API_KEY",),
        sign_in="https://console.groq.com/keys",
        trains=False,
        trains_free=False,
        docs_url="https://console.groq.com/docs/models",
        free=FreeTier(  # of most models; some have more, and every answer's head tells what is left
            (Allowance(30, "minute", by_model=True), Allowance(1000, "day", by_model=True)),
            source="https://console.groq.com/docs/rate-limits, 2026-07-25",
            on_plan=True,
        ),
    ),
    Provider(
        "deepseek",
        "DeepSeek",
        tier=Tier.PAID,
        base_url="https://api.deepseek.com",
        key_env=("DEEPSEEK_API_KEY",),
        sign_in="https://platform.deepseek.com/api_keys",
        docs_url="https://api-docs.deepseek.com/quick_start/pricing",
        id_pattern=r"deepseek-(?:chat|reasoner|v\d)[\w.-]*",
    ),
    Provider(
        "mistral",
        "Mistral",
        tier=Tier.PAID,
        base_url="https://api.mistral.ai/v1",
        key_env=("MISTRAL_API_KEY",),
        sign_in="https://console.mistral.ai/api-keys",
        trains_free=True,
        docs_url="https://docs.mistral.ai/getting-started/models",
        free=FreeTier(
            (Allowance(1, "second"),),
            source="https://help.mistral.ai/en/articles/225174-what-are-the-limits-of-the-free-tier, 2026-11",
            on_plan=True,
        ),
        id_pattern=r"(?:mistral|ministral|magistral|codestral|devstral|pixtral)-[\w.-]+",
    ),
    Provider(
        "zhipu",
        "Zhipu",
        tier=Tier.PAID,
        base_url="https://open.bigmodel.cn/api/paas/v4",
        key_env=("ZHIPU_API_KEY", "ZAI_API_KEY"),
        sign_in="https://open.bigmodel.cn/usercenter/apikeys",
        docs_url="https://docs.bigmodel.cn",
        id_pattern=r"glm-\d[\w.-]*",
    ),
    Provider(
        "together",
        "Together",
        tier=Tier.PAID,
        base_url="https://api.together.xyz/v1",
        key_env=("TOGETHER_API_KEY",),
        sign_in="https://api.together.ai/settings/api-keys",
        docs_url="https://docs.together.ai/docs/serverless-models",
    ),
    Provider(
        "cerebras",
        "Cerebras",
        tier=Tier.PAID,
        base_url="https://api.cerebras.ai/v1",
        key_env=("CEREBRAS_API_KEY",),
        sign_in="https://cloud.cerebras.ai",
        trains=False,
        trains_free=False,
        docs_url="https://inference-docs.cerebras.ai/models",
        free=FreeTier(
            (Allowance(5, "minute", by_model=True),),
            source="https://inference-docs.cerebras.ai/support/rate-limits, 2026-07-18",
            on_plan=True,
        ),
    ),
    Provider(
        "vercel",
        "Vercel AI Gateway",
        tier=Tier.PAID,
        base_url="https://ai-gateway.vercel.sh/v1",
        key_env=("AI_GATEWAY_API_KEY",),
        sign_in="https://vercel.com/ai-gateway",
        key_page="/credits",  # its list is open to all
        docs_url="https://vercel.com/ai-gateway/models",
    ),
)


_BY_ID = MappingProxyType({row.id: row for row in PROVIDERS})


def provider(provider_id: str) -> Provider | None:
    return _BY_ID.get(provider_id)
