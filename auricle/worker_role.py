"""The worker process: runs jobs and seals the audit until told to stop."""

import asyncio

import auricle.agents.scenarios.keep

# Tasks register themselves when their modules are imported.
import auricle.billing.recompute
import auricle.consent.retention
import auricle.consultations.summary
import auricle.documents.extract
import auricle.documents.remove
import auricle.finetune.export
import auricle.identity.reset
import auricle.identity.tidy
import auricle.knowledge.evaluation.run
import auricle.knowledge.ingest
import auricle.knowledge.reembed
import auricle.knowledge.settle
import auricle.live.retention
import auricle.notes.generate
import auricle.patients.erase
import auricle.patients.export
import auricle.phone.forgotten
import auricle.recording.remove
import auricle.recording.replays
import auricle.web.retention  # noqa: F401
from auricle.assemble import assembled, background
from auricle.audit.report import heads_of
from auricle.audit.seal import seal_forever
from auricle.jobs.worker import run_worker
from auricle.log import configure
from auricle.sample.seed import seed
from auricle.settings import Settings


async def work(settings: Settings, stop: asyncio.Event, concurrency: int) -> None:
    configure(settings.log_level, settings.log_file)
    async with assembled(settings) as assembly:
        if settings.sample_data:
            await seed(assembly)
        heads = heads_of(assembly.settings, assembly.keyring)
        async with background(lambda stopping: seal_forever(assembly.database, heads, stopping)):
            await run_worker(assembly, stop, concurrency=concurrency)
