"""The explorer knows every table that names a patient."""

import psycopg

from auricle.audit.of_patient import BELOW, NAMING

NOT_AUDITED = {"patient_token", "appointment_slot", "note_passage"}  # derived rows without entries of their own
NAMES = "select table_name from information_schema.columns where table_schema = 'public' and column_name = %s"


def test_every_audited_table_that_names_a_patient_is_listed(urls):
    with psycopg.connect(urls.owner) as owner:
        naming = {name for (name,) in owner.execute(NAMES, ("patient_id",))}
        below = {name for key, _ in BELOW.values() for (name,) in owner.execute(NAMES, (key,))}
    assert naming - NOT_AUDITED == set(NAMING)
    # Those with a patient's column are found by it; usage, tickets and alerts only point at a consultation.
    assert set(BELOW) <= below
