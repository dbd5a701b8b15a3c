"""Everything under `/control/v0/`. No token is asked for it; what changes something is asked with JSON."""

from pointsman.server.control.aliases import delete_alias, get_aliases, post_alias
from pointsman.server.control.budgets import delete_budget, get_budgets, post_budget, post_none
from pointsman.server.control.config import get_config, post_reload
from pointsman.server.control.decisions import get_decision, get_decisions
from pointsman.server.control.discover import post_discover
from pointsman.server.control.events import get_events
from pointsman.server.control.explain import post_explain
from pointsman.server.control.feedback import get_analytics, post_feedback
from pointsman.server.control.keys import delete_key, get_keys, post_key, post_test
from pointsman.server.control.limits import get_limits, post_reset
from pointsman.server.control.mode import get_mode, post_mode
from pointsman.server.control.models import get_models
from pointsman.server.control.profile import get_profile, post_profile
from pointsman.server.control.roles import delete_role, get_roles, post_role
from pointsman.server.control.setup import post_preset
from pointsman.server.control.spend import get_spend
from pointsman.server.control.status import get_status
from pointsman.server.control.tasks import delete_task, get_tasks, post_task
from pointsman.server.control.urls import get_urls, post_url
from pointsman.server.routes import Row

PREFIX = "/control/v0"


ROUTES: tuple[Row, ...] = (
    Row("GET", f"{PREFIX}/status", get_status, "What is used, what was done today, what to mend."),
    Row(
        "GET",
        f"{PREFIX}/models",
        get_models,
        "The models that are known; ?provider=&modality=&tier= choose among them, ?advanced=1 adds grades.",
    ),
    Row(
        "POST", f"{PREFIX}/explain", post_explain, "Who would answer this chat/completions request; no call."
    ),
    Row("GET", f"{PREFIX}/decisions", get_decisions, "The last requests, the newest first; ?limit=50."),
    Row(
        "GET", f"{PREFIX}/decisions/{{id}}", get_decision, "All that is known of a request, or of the `last`."
    ),
    Row("POST", f"{PREFIX}/discover", post_discover, "Look for models now; answers when the sweep is over."),
    Row(
        "GET",
        f"{PREFIX}/limits",
        get_limits,
        "What is left alone now, until when, why; limits that are known.",
    ),
    Row("POST", f"{PREFIX}/limits/reset", post_reset, "Ask it all again; answers with what was left alone."),
    Row("GET", f"{PREFIX}/mode", get_mode, "What may answer: normal, no-paid, local-only or paused."),
    Row("POST", f"{PREFIX}/mode", post_mode, "Change it, for restarts too; through the socket alone."),
    Row("GET", f"{PREFIX}/profile", get_profile, "The ways of choosing, and which is active."),
    Row("POST", f"{PREFIX}/profile", post_profile, "Another is; null: the file's; through the socket alone."),
    Row("GET", f"{PREFIX}/aliases", get_aliases, "Names that stand for others, and what they mean now."),
    Row("POST", f"{PREFIX}/aliases/{{name}}", post_alias, "Set an alias; through the socket alone."),
    Row(
        "DELETE",
        f"{PREFIX}/aliases/{{name}}",
        delete_alias,
        "Take away an alias that was set so; through the socket alone.",
    ),
    Row("GET", f"{PREFIX}/tasks", get_tasks, "Which models each kind of task takes first."),
    Row("POST", f"{PREFIX}/tasks/{{kind}}", post_task, "Set them; through the socket alone."),
    Row(
        "DELETE",
        f"{PREFIX}/tasks/{{kind}}",
        delete_task,
        "Take away a list that was set so; through the socket alone.",
    ),
    Row("GET", f"{PREFIX}/roles", get_roles, "What requests are for, and who plays it now."),
    Row(
        "POST",
        f"{PREFIX}/roles/{{name}}",
        post_role,
        "Change a role, with the fields of the configuration; through the socket alone.",
    ),
    Row(
        "DELETE",
        f"{PREFIX}/roles/{{name}}",
        delete_role,
        "Take away what was set so of a role; through the socket alone.",
    ),
    Row(
        "POST",
        f"{PREFIX}/setup/preset",
        post_preset,
        "Several settings at once: zero, hybrid, team or offline; through the socket alone.",
    ),
    Row(
        "GET", f"{PREFIX}/budgets", get_budgets, "How budgets stand, and what was spent today and this month."
    ),
    Row(
        "POST",
        f"{PREFIX}/budgets/none",
        post_none,
        "Hold nothing back but by what the file says, after a restart too; through the socket alone.",
    ),
    Row(
        "POST",
        f"{PREFIX}/budgets/{{name}}",
        post_budget,
        "Set a budget, with the fields of the configuration; through the socket alone.",
    ),
    Row(
        "DELETE",
        f"{PREFIX}/budgets/{{name}}",
        delete_budget,
        "Take away a budget that was set so; through the socket alone.",
    ),
    Row(
        "GET",
        f"{PREFIX}/spend",
        get_spend,
        "What was spent; ?by=model|provider|app|role|kind|user|day|tier, ?since=today|week|month|year|all "
        "or a date.",
    ),
    Row("GET", f"{PREFIX}/keys", get_keys, "Which places have a key, where it is from, whether it works."),
    Row("POST", f"{PREFIX}/keys/{{name}}", post_key, "Try a key and keep it; through the socket alone."),
    Row("DELETE", f"{PREFIX}/keys/{{name}}", delete_key, "Take a kept key away; through the socket alone."),
    Row(
        "POST",
        f"{PREFIX}/keys/{{name}}/test",
        post_test,
        "Try the key that is used; through the socket alone.",
    ),
    Row(
        "GET", f"{PREFIX}/urls", get_urls, "Where lists of models are had, when they were last, what failed."
    ),
    Row(
        "POST",
        f"{PREFIX}/urls/{{name}}",
        post_url,
        "Read another page where a provider has no list, after a restart too; null: the one known.",
    ),
    Row("POST", f"{PREFIX}/feedback", post_feedback, "How good an answer was; through the socket alone."),
    Row(
        "GET",
        f"{PREFIX}/analytics",
        get_analytics,
        "How requests were understood, and how they went; ?since=.",
    ),
    Row("GET", f"{PREFIX}/config", get_config, "Every setting in force, and who says so."),
    Row("POST", f"{PREFIX}/reload", post_reload, "Read the configuration again; through the socket alone."),
    Row(
        "GET",
        f"{PREFIX}/events",
        get_events,
        "What happens, as server-sent events; `?models=hidden` by who shows no models.",
    ),
)
