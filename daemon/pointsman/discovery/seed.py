"""Well-known models of clouds, for a first start that can't reach their lists. Written by hand, no prices.

Only names that have long been there and that their clouds document. What is gone is answered by a 404, and
the next model is asked. Last looked at in November 2026.
"""

from collections.abc import Mapping
from types import MappingProxyType

SEED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "openrouter": ("deepseek/deepseek-chat", "openai/gpt-4o-mini", "anthropic/claude-sonnet-4"),
        "openai": ("gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "text-embedding-3-small"),
        "anthropic": ("claude-opus-4-20250514", "claude-sonnet-4-20250514"),
        "gemini": ("gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.5-flash-lite"),
        "groq": ("llama-3.3-70b-versatile", "llama-3.1-8b-instant", "openai/gpt-oss-120b"),
        "deepseek": ("deepseek-chat", "deepseek-reasoner"),
        "mistral": ("mistral-large-latest", "mistral-small-latest", "codestral-latest", "mistral-embed"),
        "zhipu": ("glm-4.5", "glm-4.5-air", "glm-4.6"),
        "together": ("meta-llama/Llama-3.3-70B-Instruct-Turbo", "deepseek-ai/DeepSeek-V3"),
        "cerebras": ("llama3.1-8b", "llama-3.3-70b", "gpt-oss-120b"),
        "vercel": ("openai/gpt-4o-mini", "anthropic/claude-sonnet-4"),
    }
)
