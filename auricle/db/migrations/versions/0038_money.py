"""Rates of organizations and of the installation, what usage needs to be priced again, monthly spending and budgets."""

from alembic import op

from auricle.db.tenancy import APP, protect

revision = "0038_money"
down_revision = "0037_embedder"

OWN = """    id uuid primary key,
    organization_id uuid not null default nullif(current_setting('auricle.organization', true), '')::uuid,
    created_at timestamptz not null default now(),
"""

RATE = """
    provider text not null,
    capability text not null,
    model text,
    unit text not null,
    price numeric(18, 9) not null check (price >= 0),
    output_price numeric(18, 9) check (output_price >= 0),
    currency text not null check (currency in ('USD', 'INR')),
    since date not null,
    source text not null,
    created_by uuid,
    withdrawn_at timestamptz,
    withdrawn_by uuid
"""

# What the installation pays is the same for everybody. Who acts in an organization may read it and change nothing.
PLATFORM = "nullif(current_setting('auricle.organization', true), '') is null"
GLOBAL = {
    "platform_rate": f"""
create table platform_rate (
    id uuid primary key,
    created_at timestamptz not null default now(),
{RATE})""",
    "exchange_rate": """
create table exchange_rate (
    id uuid primary key,
    created_at timestamptz not null default now(),
    inr_per_usd numeric(12, 6) not null check (inr_per_usd > 0),
    since date not null,
    source text not null,
    created_by uuid,
    withdrawn_at timestamptz,
    withdrawn_by uuid
)""",
}

USAGE = """
alter table usage_record
    add column vendor text,
    add column endpoint text,
    add column language text,
    add column inr_per_usd numeric(12, 6),
    add column exchange_date date
"""

SPENDING = f"""
create table spending (
{OWN}
    month date not null check (extract(day from month) = 1),
    calls bigint not null default 0,
    unpriced bigint not null default 0,
    cost_usd numeric(18, 9) not null default 0,
    cost_inr numeric(18, 9) not null default 0,
    constraint uq_spending_month unique (organization_id, month)
)"""

BUDGET = f"""
create table budget (
{OWN}
    owner text not null check (owner in ('organization', 'platform')),
    amount numeric(14, 2) not null check (amount > 0),
    currency text not null check (currency in ('USD', 'INR')),
    warn_percent integer not null default 80 check (warn_percent between 1 and 100),
    warned_for date,
    exhausted_for date,
    changed_by uuid,
    changed_at timestamptz not null default now(),
    constraint uq_budget_owner unique (organization_id, owner)
)"""

RECOMPUTATION = f"""
create table usage_recomputation (
{OWN}
    since timestamptz not null,
    until timestamptz not null,
    status text not null default 'queued' check (status in ('queued', 'running', 'done', 'failed')),
    records bigint not null default 0,
    changed bigint not null default 0,
    before_usd numeric(18, 9) not null default 0,
    after_usd numeric(18, 9) not null default 0,
    requested_by uuid,
    finished_at timestamptz,
    check (since < until)
)"""


def upgrade() -> None:
    op.execute(f"create table rate ({OWN} {RATE})")
    protect("rate", grants="select, insert, update (withdrawn_at, withdrawn_by)",
            references={"created_by": "member", "withdrawn_by": "member"})  # fmt: skip
    for table, statement in GLOBAL.items():
        op.execute(statement)
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        op.execute(f"create policy everybody_reads on {table} for select using (true)")
        op.execute(f"create policy platform_adds on {table} for insert with check ({PLATFORM})")
        op.execute(f"create policy platform_withdraws on {table} for update using ({PLATFORM}) with check ({PLATFORM})")
        op.execute(f"grant select, insert, update (withdrawn_at, withdrawn_by) on {table} to {APP}")
    op.execute(USAGE)
    # What was used is written once; what it costs follows from that and from the rates, and may be computed again.
    op.execute(f"grant update (cost_usd, rate_source, rate_date, inr_per_usd, exchange_date) on usage_record to {APP}")
    op.execute(SPENDING)
    # Not audited: a sum over what is never changed, moved on twice a second.
    protect("spending", grants="select, insert, update", audit=False, index=())
    op.execute(BUDGET)
    protect("budget", references={"changed_by": "member"}, index=())
    op.execute(RECOMPUTATION)
    protect("usage_recomputation", grants="select, insert, update", references={"requested_by": "member"})
