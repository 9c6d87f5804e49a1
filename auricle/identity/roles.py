"""The five built-in roles and what each may do. Custom roles hang below these."""

from collections.abc import Mapping
from uuid import NAMESPACE_URL, UUID, uuid5

PERMISSIONS: Mapping[str, str] = {
    "consultations:create": "open a consultation",
    "consultations:read": "read any consultation of the organization",
    "consultations:write": "change whose a consultation is, its specialty, day and notes",
    "consultations:join": "open a live socket or write into a consultation",
    "consultations:listen": "listen in on a live conversation and take it over",
    "alerts:read": "see red flags and calls for a person",
    "alerts:acknowledge": "say that one has seen to an alert",
    "recordings:read": "play recordings of conversations",
    "recordings:delete": "delete recordings for good",
    "recordings:replay": "hear recorded calls again with other settings, and compare",
    "patients:read": "read patients",
    "patients:write": "create and change patients",
    "patients:merge": "see likely duplicates, merge records and take that back",
    "documents:read": "read and download documents of patients",
    "documents:write": "add documents of patients, have them read again, delete them",
    "own:read": "read one's own patient record and consultations",
    "own:book": "find free times, and book, move and cancel one's own appointments",
    "appointments:read": "see any appointment of the organization",
    "appointments:write": "book, move and cancel appointments of any patient",
    "professionals:own": "see and change one's own professional profile and hours",
    "professionals:write": "see and change any professional's profile and hours",
    "notes:read": "read notes",
    "notes:write": "generate and edit notes",
    "notes:approve": "sign notes",
    "notes:reveal": "see masked identifiers in clear",
    "notes:templates": "change note templates, and by what notes are written",
    "knowledge:read": "search the organization's knowledge",
    "knowledge:write": "add, replace and delete knowledge",
    "agents:read": "see agents",
    "agents:write": "change agents, their tools and test scenarios",
    "agents:publish": "let a version of an agent serve, and roll back",
    "members:read": "see members and open invitations",
    "members:write": "invite, change, suspend and remove members",
    "roles:read": "see roles and what they may do",
    "roles:write": "make, change and delete roles",
    "departments:read": "see departments and specialties",
    "departments:write": "change departments and specialties",
    "usage:read": "see usage, cost and budgets",
    "rates:read": "see what calls are priced by",
    "rates:write": "set and withdraw rates, and have past cost computed again",
    "budgets:write": "set what may be spent in a month",
    "audit:read": "read the audit trail",
    "audit:export": "export the audit trail, signed",
    "consent:publish": "publish consent texts",
    "retention:write": "see and change how long data is kept, place and lift legal holds",
    "patients:export": "export everything about a patient",
    "finetune:export": "take de-identified examples of notes and conversations out, to train a model with",
    "patients:erase": "erase a patient for good",
    "break_glass:use": "look at one patient in an emergency, for a stated reason and a short time, loudly",
    "break_glass:review": "see and end emergency access",
    "providers:read": "see providers and their health",
    "providers:check": "run a provider check",
    "providers:write": "keep the organization's own provider accounts, and say who is asked first",
    "events:read": "follow live events",
    "openai:use": "ask agents and embed texts through the interface in OpenAI's form",
    "keys:write": "see, make and revoke API keys of machines",
    "phone:read": "see phone lines, carrier accounts and calls",
    "phone:write": "change phone lines and carrier accounts, and have people called",
    "organizations:read": "see one's own organization (platform administrators: all)",
    "organizations:settings": "change the contact, time zone and registration of one's own organization",
    "organizations:write": "create, change, suspend and close any organization",
}

PATIENT = frozenset({"own:read", "own:book", "consultations:create", "consultations:join", "knowledge:read"})
STAFF = frozenset(
    {
        "consultations:create",
        "consultations:read",
        "consultations:write",
        "consultations:join",
        "alerts:read",
        "alerts:acknowledge",
        "patients:read",
        "patients:write",
        "documents:read",
        "documents:write",
        "appointments:read",
        "appointments:write",
        "knowledge:read",
        "agents:read",
        "members:read",
        "departments:read",
        "events:read",
        "break_glass:use",
    }
)
CLINICIAN = STAFF | {
    "consultations:listen",
    "recordings:read",
    "patients:merge",
    "professionals:own",
    "notes:read",
    "notes:write",
    "notes:approve",
    "notes:reveal",
    "break_glass:use",
}
ORG_ADMIN = CLINICIAN | {
    "notes:templates",
    "recordings:delete",
    "recordings:replay",
    "professionals:write",
    "knowledge:write",
    "agents:write",
    "agents:publish",
    "members:write",
    "roles:read",
    "roles:write",
    "departments:write",
    "keys:write",
    "organizations:read",
    "organizations:settings",
    "usage:read",
    "rates:read",
    "rates:write",
    "budgets:write",
    "audit:read",
    "audit:export",
    "consent:publish",
    "retention:write",
    "patients:export",
    "finetune:export",
    "patients:erase",
    "break_glass:review",
    "providers:read",
    "providers:check",
    "providers:write",
    "phone:read",
    "phone:write",
    "openai:use",
}
# People and roles of any organization, and nothing clinical of one.
PLATFORM_ADMIN = frozenset(
    {
        "organizations:read",
        "organizations:settings",
        "organizations:write",
        "members:read",
        "members:write",
        "roles:read",
        "roles:write",
        "providers:read",
        "providers:check",
        "rates:read",
        "rates:write",
    }
)

BUILT_IN: Mapping[str, frozenset[str]] = {
    "platform_admin": PLATFORM_ADMIN,
    "org_admin": ORG_ADMIN,
    "clinician": CLINICIAN,
    "staff": STAFF,
    "patient": PATIENT,
}

# The built-in roles that an organization gives, by ids that are the same everywhere: the interface treats them and
# custom roles alike. `platform_admin` is of the installation, and nobody gives it.
BUILT_IN_IDS: Mapping[UUID, str] = {
    uuid5(NAMESPACE_URL, f"urn:auricle:role:{name}"): name for name in BUILT_IN if name != "platform_admin"
}

# What concerns only the holder's own things gives no power over others, so anybody may give it.
OWN = frozenset(permission for permission in PERMISSIONS if permission.startswith("own:"))


def built_in_id(role: str) -> UUID:
    return next(role_id for role_id, name in BUILT_IN_IDS.items() if name == role)


def permissions_of(role: str) -> frozenset[str]:
    """What a role may do; an unknown role may do nothing."""
    return BUILT_IN.get(role, frozenset())
