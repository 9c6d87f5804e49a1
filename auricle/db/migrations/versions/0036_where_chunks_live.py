"""Chunks by organization: a large one has a partition of its own, with an index of its own vectors per embedder."""

from alembic import op

from auricle.db.tenancy import APP, POLICY, isolate

revision = "0036_where_chunks_live"
down_revision = "0035_search"

GRANTS = "select, insert, update, delete"

# What was the whole table holds the small organizations from now on. A chunk has one place for each embedder, and
# vectors no fixed length: another model's are made beside those in use.
REST = (
    "alter table knowledge_chunk rename to knowledge_chunk_rest",
    "alter table knowledge_chunk_rest drop constraint knowledge_chunk_pkey",
    "alter table knowledge_chunk_rest drop constraint uq_knowledge_chunk_position",
    "alter table knowledge_chunk_rest drop constraint uq_knowledge_chunk_organization_id_id",
    "alter table knowledge_chunk_rest drop constraint fk_knowledge_chunk_organization_id",
    "alter table knowledge_chunk_rest drop constraint fk_knowledge_chunk_document_id",
    "drop index ix_knowledge_chunk_document_id",
    "alter table knowledge_chunk_rest alter column embedding type vector",
)

WHOLE = (
    "create table knowledge_chunk (like knowledge_chunk_rest including defaults including generated"
    " including constraints) partition by list (organization_id)",
    "alter table knowledge_chunk add constraint uq_knowledge_chunk_organization_id_id primary key (organization_id, id)",
    "alter table knowledge_chunk add constraint uq_knowledge_chunk_position"
    " unique (organization_id, document_id, position, embedder)",
    "alter table knowledge_chunk add constraint fk_knowledge_chunk_organization_id"
    " foreign key (organization_id) references organization (id)",
    "alter table knowledge_chunk add constraint fk_knowledge_chunk_document_id"
    " foreign key (organization_id, document_id) references knowledge_document (organization_id, id)",
    "create index ix_knowledge_chunk_embedder on knowledge_chunk (organization_id, embedder)",
    "alter table knowledge_chunk attach partition knowledge_chunk_rest default",
)

# The application owns nothing and may create nothing; this creates, for the announced organization only, one thing of
# one form. It runs as the owner, whom row-level security binds as well (FORCE). Writes of others wait while rows move,
# searches do not, but for the moment of attaching.
PARTITION = f"""
create function knowledge_partition() returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    organization uuid := nullif(current_setting('auricle.organization', true), '')::uuid;
    own text := 'knowledge_chunk_' || replace(organization::text, '-', '');
    kept text := (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
                  where attrelid = 'knowledge_chunk'::regclass and attnum > 0 and not attisdropped
                  and attgenerated = '');
begin
    if organization is null then
        raise exception 'no organization is announced' using errcode = 'insufficient_privilege';
    end if;
    lock table knowledge_chunk in share row exclusive mode;
    if to_regclass(own) is not null or not exists (select from knowledge_chunk_rest) then
        return false;
    end if;
    execute format('create table %I (like knowledge_chunk including defaults including generated including constraints,'
        ' check (organization_id = %L))', own, organization);
    execute format('alter table %I enable row level security', own);
    execute format('alter table %I force row level security', own);
    execute format('create policy organization on %I using (%s) with check (%s)', own, {{policy}}, {{policy}});
    execute format('grant {GRANTS} on %I to {APP}', own);
    execute format('insert into %I (%s) select %s from knowledge_chunk_rest', own, kept, kept);
    delete from knowledge_chunk_rest;
    execute format('alter table knowledge_chunk attach partition %I for values in (%L)', own, organization);
    return true;
end $$"""

# HNSW over one organization's vectors of one embedder, as half-precision numbers: an index over all organizations,
# filtered, silently loses half the answers.
INDEX = """
create function knowledge_vector_index(embedder_name text, dimension integer) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    organization uuid := nullif(current_setting('auricle.organization', true), '')::uuid;
    own text := 'knowledge_chunk_' || replace(organization::text, '-', '');
    named text := knowledge_index_name(embedder_name);
begin
    if organization is null or to_regclass(own) is null then
        return null;
    end if;
    execute format('create index if not exists %I on %I using hnsw ((embedding::halfvec(%s)) halfvec_cosine_ops)'
        ' where embedder = %L', named, own, dimension, embedder_name);
    execute format('analyze %I', own);
    return named;
end $$"""

UNINDEX = """
create function knowledge_drop_index(embedder_name text) returns void
language plpgsql security definer set search_path = public, pg_temp as $$
begin
    execute format('drop index if exists %I', knowledge_index_name(embedder_name));
end $$"""

NAME = """
create function knowledge_index_name(embedder_name text) returns text
language sql stable set search_path = public, pg_temp as $$
    select 'hnsw_' || replace(nullif(current_setting('auricle.organization', true), ''), '-', '')
        || '_' || left(md5(embedder_name), 12)
$$"""


def upgrade() -> None:
    for statement in (*REST, *WHOLE):
        op.execute(statement)
    isolate("knowledge_chunk", grants=GRANTS)
    quoted = "'" + POLICY.replace("'", "''") + "'"
    for function in (NAME, PARTITION.format(policy=quoted), INDEX, UNINDEX):
        op.execute(function)
    for signature in (
        "knowledge_partition()",
        "knowledge_vector_index(text, integer)",
        "knowledge_drop_index(text)",
        "knowledge_index_name(text)",
    ):
        op.execute(f"revoke execute on function {signature} from public")
        op.execute(f"grant execute on function {signature} to {APP}")
