"""The rows: engines and clouds. Knowledge only; a new OpenAI-compatible provider is one row.

Ports, marks and environment variables are from each project's own documentation; llama-server's
marks were seen on a real one. A row without marks is known by its address alone, if configured.
"""

from pointsman.catalogue.row import Mark, Provider
from pointsman.types import Auth, Dialect, Tier

GENERIC = Provider("generic", "OpenAI-compatible server", tier=None, auth=Auth.BEARER)

PROVIDERS: tuple[Provider, ...] = (
    # Engines on this machine.
    Provider(
        "llama-server",
        "llama.cpp server",
        tier=Tier.LOCAL,
        ports=(8080, 9931),
        marks=(
            Mark("/props", key="default_generation_settings"),
            Mark("/v1/models", header="Server", value="llama.cpp"),
        ),
        takes_any_name=True,
        docs_url="https://github.com/ggml-org/llama.cpp/tree/master/tools/server",
    ),
    Provider(
        "ollama", "Ollama", Dialect.OLLAMA, Tier.LOCAL, ports=(11434,), docs_url="https://docs.ollama.com/api"
    ),
    Provider("lm-studio", "LM Studio", tier=Tier.LOCAL, ports=(1234,), docs_url="https://lmstudio.ai/docs"),
    Provider("vllm", "vLLM", tier=Tier.LOCAL, ports=(8000,), docs_url="https://docs.vllm.ai"),
    Provider(
        "llama-swap", "llama-swap", tier=Tier.LOCAL, docs_url="https://github.com/mostlygeek/llama-swap"
    ),
    Provider("localai", "LocalAI", tier=Tier.LOCAL, docs_url="https://localai.io"),
    Provider("jan", "Jan", tier=Tier.LOCAL, ports=(1337,), docs_url="https://www.jan.ai/docs"),
    Provider(
        "koboldcpp",
        "KoboldCpp",
        tier=Tier.LOCAL,
        ports=(5001,),
        docs_url="https://github.com/LostRuins/koboldcpp",
    ),
    Provider("lemonade", "Lemonade", tier=Tier.LOCAL, docs_url="https://lemonade-server.ai/docs"),
    Provider("sglang", "SGLang", tier=Tier.LOCAL, ports=(30000,), docs_url="https://docs.sglang.ai"),
    Provider("mlx", "MLX", tier=Tier.LOCAL, docs_url="https://github.com/ml-explore/mlx-lm"),
    # Clouds.
    Provider(
        "openrouter",
        "OpenRouter",
        tier=Tier.PAID,
        base_url="https://openrouter.ai/api/v1",
        key_env=("OPENROUTER_API_KEY",),
        docs_url="https://openrouter.ai/models",
    ),
    Provider(
        "openai",
        "OpenAI",
        tier=Tier.PAID,
        base_url="https://api.openai.com/v1",
        key_env=("OPENAI_API_KEY",),
        docs_url="https://platform.openai.com/docs/models",
    ),
    Provider(
        "anthropic",
        "Anthropic",
        Dialect.ANTHROPIC,
        Tier.PAID,
        base_url="https://api.anthropic.com/v1",
        auth=Auth.X_API_KEY,
        key_env=("ANTHROPIC_API_KEY",),
        docs_url="https://docs.claude.com/en/docs/about-claude/models",
    ),
    Provider(
        "gemini",
        "Google Gemini",
        tier=Tier.PAID,
        base_url="https://generativelanguage.googleapis.com/v1beta/openai",
        key_env=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        docs_url="https://ai.google.dev/gemini-api/docs/models",
    ),
    Provider(
        "groq",
        "Groq",
        tier=Tier.PAID,
        base_url="https://api.groq.com/openai/v1",
        key_env=("GROQ_API_KEY",),
        docs_url="https://console.groq.com/docs/models",
    ),
    Provider(
        "deepseek",
        "DeepSeek",
        tier=Tier.PAID,
        base_url="https://api.deepseek.com",
        key_env=("DEEPSEEK_API_KEY",),
        docs_url="https://api-docs.deepseek.com/quick_start/pricing",
    ),
    Provider(
        "mistral",
        "Mistral",
        tier=Tier.PAID,
        base_url="https://api.mistral.ai/v1",
        key_env=("MISTRAL_API_KEY",),
        docs_url="https://docs.mistral.ai/getting-started/models",
    ),
    Provider(
        "zhipu",
        "Zhipu",
        tier=Tier.PAID,
        base_url="https://open.bigmodel.cn/api/paas/v4",
        key_env=("ZHIPU_API_KEY", "ZAI_API_KEY"),
        docs_url="https://docs.bigmodel.cn",
    ),
    Provider(
        "together",
        "Together",
        tier=Tier.PAID,
        base_url="https://api.together.xyz/v1",
        key_env=("TOGETHER_API_KEY",),
        docs_url="https://docs.together.ai/docs/serverless-models",
    ),
    Provider(
        "cerebras",
        "Cerebras",
        tier=Tier.PAID,
        base_url="https://api.cerebras.ai/v1",
        key_env=("CEREBRAS_API_KEY",),
        docs_url="https://inference-docs.cerebras.ai/models",
    ),
    Provider(
        "vercel",
        "Vercel AI Gateway",
        tier=Tier.PAID,
        base_url="https://ai-gateway.vercel.sh/v1",
        key_env=("AI_GATEWAY_API_KEY",),
        docs_url="https://vercel.com/ai-gateway/models",
    ),
)


def provider(provider_id: str) -> Provider | None:
    return next((row for row in PROVIDERS if row.id == provider_id), None)
