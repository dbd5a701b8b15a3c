"""Answers of the control API, whole and typed, for commands to show."""

from pointsman.ledger.views import CandidateView, DecisionView, ExcludedView, TaskView, WantedView
from pointsman.server.control.shapes import (
    AdvancedShape,
    AttemptShape,
    EndpointShape,
    LastRequestShape,
    LedgerShape,
    ModelShape,
    ModeShape,
    PriceShape,
    RequestLineShape,
    RequestShape,
    SpentShape,
    StatusShape,
)

ENDPOINT = EndpointShape(
    id="llama-server",
    provider="llama-server",
    title="llama.cpp server",
    place="http://127.0.0.1:8080/v1",
    tier="local",
    tiers=["local"],
    health="up",
    note="",
    build="b1",
    models=2,
    found_by="port",
)

STATUS = StatusShape(
    summary="Answers come from llama-server/qwen (local); nothing leaves this machine.",
    version="0.1.0",
    pid=4711,
    uptime=7300.0,
    url="http://127.0.0.1:11711",
    socket="/run/p.sock",
    config_file=None,
    state_dir="/state",
    endpoints=[ENDPOINT],
    models={"local": 2, "free": 0, "paid": 0, "unknown": 0},
    states={"local": {"loaded": 1, "unloaded": 1}},
    looked_for=["llama-server on 127.0.0.1:8080 and 9931"],
    swept_ago=4.0,
    last_request=LastRequestShape(
        id="abc123", at=1_000.0, app="aider", model="llama-server/qwen", tier="local", status=200
    ),
    today={"local": SpentShape(requests=3, input_tokens=1_000, output_tokens=234, cost=0, unpriced=0)},
    mode=ModeShape(mode="normal", origin="configuration"),
    budgets=[],
    gone=[],
    limits=[],
    hints=["an unknown server at http://127.0.0.1:9000/v1 is not used: name its tier"],
    failed_jobs=[],
    ledger=LedgerShape(trouble="", lost=0),
)

MODEL = ModelShape(
    id="llama-server/qwen",
    name="qwen",
    endpoint="llama-server",
    health="up",
    tier="local",
    trains=False,
    state="loaded",
    wait=None,
    note="",
    runs_at="",
    context=32_768,
    context_most=None,
    max_output=None,
    abilities={"chat": None, "tools": True, "json": None, "embeddings": False, "thinking": None},
    modalities=["text", "image"],
    price=PriceShape(
        input="0", output="0", cache_read="0", cache_write="0", cache_write_hour="0", request="0"
    ),
    aliases=["fast"],
    advanced=None,
)

ADVANCED = AdvancedShape(
    grade="routine",
    source="size",
    cost="none",
    listed_by="list",
    price_source="",
    size_bytes=2_400_000_000,
    quantisation="Q4_K_M",
    parameters=4_000_000_000,
    speed=41.25,
    slots=4,
    provider="llama-server",
    found_by="port",
    seen_at=1_000.0,
)

CANDIDATE = CandidateView(
    model="llama-server/qwen", tier="local", reason="ladder:local", degraded=False, context=None
)

DECISION = DecisionView(
    id="abc123",
    wanted=WantedView(asked="auto", chosen=True, models=[], named=0, via="", missing=[]),
    task=TaskView(
        grade="routine",
        needs=["tools"],
        reads=["text"],
        prompt_tokens=120,
        max_tokens=None,
        privacy="any",
        reasons=["prompt of about 120 tokens"],
    ),
    candidates=[
        CANDIDATE,
        # As a decision has it that was written down before a context could be asked for.
        CandidateView(model="mine/small", tier="paid", reason="ladder:paid", degraded=True),
    ],
    excluded=[
        ExcludedView(rule="budget", reason="no budget is set", models=["mine/big", "mine/huge"]),
        ExcludedView(rule="context", reason="its context is 4,096", models=["ollama/tiny"]),
    ],
)

LINE = RequestLineShape(
    id="abc123",
    at=1_000.0,
    app="aider",
    format="openai.chat",
    asked="auto",
    stream=True,
    status=200,
    model="llama-server/qwen",
    tier="local",
    reason="ladder:local",
    error="",
    seconds=3.2,
    attempts=2,
    input_tokens=120,
    output_tokens=45,
    cost=0,
)

FAILED_ATTEMPT = AttemptShape(
    model="ollama/tiny",
    endpoint="ollama",
    tier="local",
    outcome="failed",
    status=500,
    error="it said: out of memory",
    started=0.0,
    first_content=None,
    ended=0.5,
    input_tokens=None,
    output_tokens=None,
    estimated=False,
    cost=0,
    priced=0,
    told=False,
    reserved=0,
)

ATTEMPT = AttemptShape(
    model="llama-server/qwen",
    endpoint="llama-server",
    tier="local",
    outcome="ok",
    status=200,
    error="",
    started=0.5,
    first_content=0.9,
    ended=3.2,
    input_tokens=120,
    output_tokens=45,
    estimated=False,
    cost=0,
    priced=0,
    told=False,
    reserved=0,
)

RECORD = RequestShape(request=LINE, decision=DECISION, attempts=[FAILED_ATTEMPT, ATTEMPT], score=None)
