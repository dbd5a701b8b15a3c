"""Two configurations that must load as they are: one of an older kind, one that sets nearly everything."""

OLDER = """\
[providers.openrouter]
api_key = "sk-or-..."
rate_limit_rpm = 20
rate_limit_remaining = 15        # accepted, ignored: tracked at run time
[providers.local]
api_base = "http://localhost:8080/v1"
[providers.anthropic]
api_key = "sk-ant-..."
[models]
main = "anthropic/claude-opus-4-20250514"
rlm = "anthropic/claude-haiku"
memory = "openrouter/google/gemma-3-27b-it:free"
local_main = "local/qwen3-30b"
local_worker = "local/nanbeige4.1-3b"
[roles]
reasoning = "main"
rlm = "rlm"
compaction = "memory"
reflection = "memory"
[fallback]
main = ["main", "rlm", "local_main"]
rlm = ["rlm", "memory", "local_worker"]
memory = ["memory", "local_worker", "rlm"]
"""

FULL = """\
[server]
port = 11711                     # socket = "auto" | a path | false
[discovery]
local = true                     # ports, processes, environment
remote = true
remote_every = "6h"
[providers.mine]
api_base = "http://127.0.0.1:9900/v1"
api_key = "env:MINE_KEY"         # or file:, keyring:, or the key itself; left out: none is sent
kind = "openai"                  # dialect: openai | anthropic | gemini | ollama
tier = "paid"                    # local | free | paid; default: the row's; recognised: local; else paid
models = ["big", "small"]        # default: what it lists
timeouts = { first_content = 180, total = 900 }
[prices."mine/big"]
input = 3.00
output = 15.00
cache_read = 0.30
[grades]
"mine/big" = "reasoning"
"mine/small" = "routine"
[profiles]
active = "balanced"              # eco | balanced | premium, or one defined as [profiles.NAME]
[tasks]
code = ["mine/big"]              # preference list or one name for a kind
[roles.reviewer]
floor = "generation"
prefer = ["mine/big"]
[budgets.daily]
window = "day"
limit = 5.00
hard = true
scope = "total"
[degradation]
curve = [[0.80, "thrifty"], [0.90, "lean"], [0.95, "reserve"], [1.00, "free"]]
[timeouts]
connect = 5
headers = 30
plain = 300
first_content = 60
idle = 30
client = 55
total = 600
[streams]
hold = "first"
patience = 15
[machine]
memory = true
battery = "light"
[apps."my-script"]
budget = { window = "day", limit = 0.50 }
privacy = "local"
profile = "eco"
"""
