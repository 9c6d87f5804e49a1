"""The reviewed table `docs/privileges.md`: every operation × every role, written from the application's own routes.

python -m tests.web.privileges      # write it anew; then read the difference, for that is the review
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from auricle.identity.privileges import Operation, operations
from auricle.identity.roles import BUILT_IN, PERMISSIONS
from auricle.routers import ROUTERS
from auricle.web import health

FILE = Path(__file__).parents[2] / "docs" / "privileges.md"

ROLES = ("platform_admin", "org_admin", "clinician", "staff", "patient")

HEAD = """# Who may call what

Every operation of the interface and every built-in role, generated from the permissions that the routes name in their
own signatures (`python -m tests.web.privileges`) and reviewed here: a test fails when a route appears, disappears or
asks for something else without a changed line in this file, and another calls each operation as each role and compares.

`yes`: the permission is held. It opens the operation, not every row behind it: rows are the organization's own, and a
patient's own where the permission is `own:…`. `public`: without signing in. `all`: whoever is signed in. Custom roles
hold what is left of their declared permissions by every role above them, so never more than their built-in column.

"""


def application_operations() -> list[Operation]:
    return operations(route for router in (health.router, *ROUTERS) for route in router.routes)


def verdict(operation: Operation, role: str) -> bool:
    """Whether a signed-in member of a built-in role gets through."""
    return operation.open_to(BUILT_IN[role])


def needed(operation: Operation) -> str:
    if operation.needs:
        return " and ".join(" or ".join(f"`{name}`" for name in any_of) for any_of in operation.needs)
    return "all" if operation.signed_in else "public"


def row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def table(rows: Sequence[Operation]) -> str:
    lines = [row(("method", "path", "needs", *ROLES)), row(["---"] * (3 + len(ROLES)))]
    for one in rows:
        held = ["yes" if verdict(one, role) else "–" for role in ROLES]
        lines.append(row((one.method, f"`{one.path}`", needed(one), *held)))
    return "\n".join(lines)


def permissions_table() -> str:
    lines = [row(("permission", "lets its holder", *ROLES)), row(["---"] * (2 + len(ROLES)))]
    for name, meaning in PERMISSIONS.items():
        held = ["yes" if name in BUILT_IN[role] else "–" for role in ROLES]
        lines.append(row((f"`{name}`", meaning, *held)))
    return "\n".join(lines)


def page() -> str:
    parts = (HEAD, "## Operations\n\n", table(application_operations()), "\n\n## Permissions\n\n", permissions_table())
    return "".join(parts) + "\n"


if __name__ == "__main__":
    FILE.write_text(page(), "utf-8")
