"""Everything under `/control/v0/`. It only reads, or looks again: no token is asked for it."""

from pointsman.server.control.decisions import get_decision, get_decisions
from pointsman.server.control.discover import post_discover
from pointsman.server.control.events import get_events
from pointsman.server.control.explain import post_explain
from pointsman.server.control.limits import get_limits, post_reset
from pointsman.server.control.models import get_models
from pointsman.server.control.status import get_status
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
    Row("GET", f"{PREFIX}/events", get_events, "What happens, as server-sent events."),
)
