"""What happens to notes, and to everything else, while parts of an installation are killed or fall silent."""


def run() -> None:
    """All of it. Raises `SystemExit` where something was lost or done twice."""
    from bench.clinical.outages import kills, replicas, silence

    if not all([kills.run(), replicas.run(), silence.run()]):
        raise SystemExit(1)
