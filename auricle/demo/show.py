"""How the demo prints: plain lines that read well in a terminal and in a README."""

import textwrap
from typing import Any

WIDTH = 108


def heading(text: str) -> None:
    print(f"\n── {text} {'─' * max(3, WIDTH - len(text) - 4)}", flush=True)


def line(label: str, text: str, indent: int = 0) -> None:
    first = " " * indent + f"{label:<12} "
    print(
        textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=" " * len(first)) or first.rstrip(),
        flush=True,
    )


def note(shown: dict[str, Any]) -> None:
    """The note with the evidence behind each statement and the judge's verdict."""
    by_section: dict[str, list[dict[str, Any]]] = {}
    for statement in shown["statements"]:
        by_section.setdefault(statement["section"], []).append(statement)
    for section in ("subjective", "objective", "assessment", "plan"):
        print(f"\n  {section.upper()}")
        for statement in by_section.get(section, []):
            line(statement["verdict"], statement["text"], indent=2)
            for evidence in statement["evidence"]:
                at = "" if evidence["start_s"] is None else f" at {evidence['start_s']:.1f} s"
                line("", f"← {evidence['speaker']}{at}: “{evidence['quote']}”", indent=2)
            for check in statement["checks"]:
                if check["verdict"] != "pass":
                    line("", f"check {check['name']}: {check['verdict']} {check['detail']}", indent=2)
        if not by_section.get(section):
            print("    (nothing was said)")
    share = shown["completeness"]
    print(
        f"\n  judge: {'approved' if shown['ai_approved'] else 'not approved'}"
        + ("" if share is None else f"; carries {share:.0%} of the salient findings")
        + f"; {shown['method']}"
    )
    for missing in shown.get("missing", []):
        line("missing", f"{missing['kind']}: {missing['text']}", indent=2)


def table(rows: list[dict[str, Any]], columns: dict[str, int]) -> None:
    print("  " + " ".join(f"{name:<{width}}" for name, width in columns.items()))
    for row in rows:
        print("  " + " ".join(f"{shown(row.get(name)):<{width}}"[:width] for name, width in columns.items()))


def shown(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def money(usd: str | None) -> str | None:
    """A cost as people write it; unknown stays unknown."""
    return None if usd is None else f"{float(usd):.6f}"
