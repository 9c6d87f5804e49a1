"""Two AI services, by two addresses or behind one that balances; one is killed in the middle, and no note is lost."""

import time

from auricle.db.postmaster import free_port
from bench.clinical.outages.balancer import balancing
from bench.clinical.outages.installation import installed
from bench.clinical.outages.kills import COUNTS, asked_for, await_drafted, counted_by, expected, tell


def run(count: int = 20, turns: int = 300) -> bool:
    ports = [free_port(), free_port()]
    with balancing(ports) as balancer:
        ways = {
            "two addresses": ",".join(f"http://127.0.0.1:{port}" for port in ports),
            "one address, a balancer behind it": balancer.url,
        }
        done = [killed(way, url, ports, count, turns) for way, url in ways.items()]
    return all(done)


def killed(way: str, url: str, ports: list[int], count: int, turns: int) -> bool:
    with installed(url) as installation:
        for number, port in enumerate(ports, start=1):
            installation.start_ai(f"ai {number}", port)
        installation.start("api", "serve")
        installation.start("worker 1", "worker", "--concurrency", "4")
        installation.await_answer(f"{installation.url}/ready", "api")
        installation.await_clinic()
        consultations = installation.consultations(count, turns)
        installation.began = time.time()
        with installation.client() as http:
            notes = [asked_for(http, str(one)) for one in consultations]
        installation.note(f"{count} notes are asked for")
        await_drafted(installation, notes, count // 3)
        installation.kill("ai 2")
        await_drafted(installation, notes, count)
        counted = {what: counted_by(installation, query, notes) for what, query in COUNTS.items()}
        print(f"{count} notes; two AI services, {way}; one is killed (seconds, what)")
        tell(installation, counted, count)
    return counted == expected(count)
