"""The five built-in roles and what each may do. Custom roles hang below these."""

from collections.abc import Mapping

PERMISSIONS: Mapping[str, str] = {
    "consultations:create": "open a consultation",
    "consultations:read": "read any consultation of the organization",
    "consultations:join": "open a live socket or write into a consultation",
    "patients:read": "read patients",
    "patients:write": "create and change patients",
    "own:read": "read one's own patient record and consultations",
    "notes:read": "read notes",
    "notes:write": "generate and edit notes",
    "notes:approve": "sign notes",
    "notes:reveal": "see masked identifiers in clear",
    "knowledge:read": "search the organization's knowledge",
    "knowledge:write": "add, replace and delete knowledge",
    "agents:read": "see agents",
    "agents:write": "change and publish agents",
    "members:read": "see members",
    "members:write": "invite and change members",
    "usage:read": "see usage and cost",
    "audit:read": "read the audit trail",
    "providers:read": "see providers and their health",
    "providers:check": "run a provider check",
    "events:read": "follow live events",
    "organizations:write": "create and change organizations",
}

PATIENT = frozenset({"own:read", "consultations:create", "consultations:join", "knowledge:read"})
STAFF = frozenset(
    {
        "consultations:create",
        "consultations:read",
        "consultations:join",
        "patients:read",
        "patients:write",
        "knowledge:read",
        "agents:read",
        "members:read",
        "events:read",
    }
)
CLINICIAN = STAFF | {"notes:read", "notes:write", "notes:approve", "notes:reveal"}
ORG_ADMIN = CLINICIAN | {
    "knowledge:write",
    "agents:write",
    "members:write",
    "usage:read",
    "audit:read",
    "providers:read",
    "providers:check",
}
PLATFORM_ADMIN = frozenset({"organizations:write", "providers:read", "providers:check"})

BUILT_IN: Mapping[str, frozenset[str]] = {
    "platform_admin": PLATFORM_ADMIN,
    "org_admin": ORG_ADMIN,
    "clinician": CLINICIAN,
    "staff": STAFF,
    "patient": PATIENT,
}


def permissions_of(role: str) -> frozenset[str]:
    """What a role may do; an unknown role may do nothing."""
    return BUILT_IN.get(role, frozenset())
