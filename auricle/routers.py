"""The routes of the web application, in the order in which a request is tried against them."""

from fastapi import APIRouter

from auricle.agents.routes import router as agents
from auricle.agents.scenarios.routes import router as scenarios
from auricle.agents.tools.routes import router as tools
from auricle.attention import router as attention
from auricle.audit.routes import router as audit
from auricle.billing.budgets.routes import router as budgets
from auricle.billing.rating.routes import router as rates
from auricle.billing.routes import router as billing
from auricle.break_glass.routes import router as break_glass
from auricle.channels.one_shot_routes import router as one_shot
from auricle.channels.routes import router as conversation
from auricle.consent.rights_routes import router as rights
from auricle.consent.routes import router as consent
from auricle.consultations.alert_routes import router as alerts
from auricle.consultations.rating_routes import router as ratings
from auricle.consultations.routes import router as consultations
from auricle.documents.routes import router as documents
from auricle.finetune.routes import router as finetune
from auricle.identity.admin_routes import router as administration
from auricle.identity.credential_routes import router as credentials
from auricle.identity.key_routes import router as api_keys
from auricle.identity.member_routes import router as members
from auricle.identity.own_routes import router as own
from auricle.identity.routes import router as sign_in
from auricle.knowledge.document_routes import router as knowledge_documents
from auricle.knowledge.embedder_routes import router as embedder
from auricle.knowledge.evaluation.routes import router as evaluations
from auricle.knowledge.evaluation.run_routes import router as evaluation_runs
from auricle.knowledge.routes import router as knowledge
from auricle.listening.routes import router as listening
from auricle.live.routes import router as events
from auricle.notes.own_routes import router as own_notes
from auricle.notes.review_routes import router as notes_review
from auricle.notes.routes import router as notes
from auricle.notes.search_routes import router as notes_search
from auricle.notes.templates.routes import router as note_templates
from auricle.openai_api.routes import router as openai_api
from auricle.patients.appointments.routes import router as appointments
from auricle.patients.professionals.routes import router as professionals
from auricle.patients.routes import router as patients
from auricle.phone.call_routes import router as phone_calls
from auricle.phone.hook_routes import router as phone_hooks
from auricle.phone.routes import router as phone
from auricle.providers.accounts.routes import router as provider_accounts
from auricle.providers.masking.routes import router as masking
from auricle.providers.routes import router as providers
from auricle.recording.routes import router as recordings

ROUTERS: list[APIRouter] = [
    patients,  # first: a request is tried against each route before its own, and this has the hottest
    sign_in,
    credentials,
    api_keys,
    administration,
    members,
    own,
    professionals,
    appointments,
    agents,
    scenarios,
    tools,
    consent,
    rights,
    break_glass,
    consultations,
    ratings,
    alerts,
    conversation,
    one_shot,
    recordings,
    listening,
    knowledge_documents,
    knowledge,
    embedder,
    evaluations,
    evaluation_runs,
    documents,
    notes,
    notes_review,
    own_notes,
    notes_search,
    note_templates,
    finetune,
    openai_api,
    events,
    providers,
    provider_accounts,
    masking,
    billing,
    rates,
    budgets,
    attention,
    audit,
    phone,
    phone_calls,
    phone_hooks,
]
