"""Metrics of a process (Prometheus). Labels hold names of things we made, never of people."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Histogram(
    "auricle_request_seconds",
    "HTTP requests.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
CALLS = Gauge("auricle_calls", "Live voice sessions of this process.")
CALLS_REFUSED = Counter("auricle_calls_refused_total", "Calls refused by admission.", ["reason"])
TURNS = Counter("auricle_turns_total", "Finished turns.", ["channel", "outcome"])
TURN_STAGE = Histogram(
    "auricle_turn_stage_seconds",
    "Stages of a voice turn after the end of speech.",
    ["stage"],
    buckets=(0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5),
)
TRANSLATIONS = Counter("auricle_translations_total", "Translations in conversations.", ["purpose", "outcome"])
PROVIDER_CALLS = Histogram(
    "auricle_provider_seconds",
    "Provider calls.",
    ["provider", "capability", "status"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30),
)
HEDGES = Counter(
    "auricle_provider_hedges_total", "Second providers asked beside a slow one.", ["capability", "outcome"]
)
AI_STEPS = Histogram(
    "auricle_ai_seconds",
    "What the AI service was asked, repeating included.",
    ["step", "outcome"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
AI_INSIDE = Gauge("auricle_ai_requests", "Requests inside the AI service.", ["place"])
AI_BREAKERS = Gauge(
    "auricle_ai_breaker", "How an address of the AI service is seen: 0 closed, 1 half open, 2 open.", ["place"]
)
MASKING = Histogram(
    "auricle_masking_seconds",
    "Masking of texts for providers that are not the organization's own, where something was new.",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)
LOOP_LAG = Gauge("auricle_event_loop_lag_seconds", "How late the event loop runs its timers.")
TASKS = Gauge("auricle_tasks", "Tasks of the event loop.")
