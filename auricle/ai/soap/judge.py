"""The judge: typed checks on every statement against the spans it cites, then what the note leaves out."""

from collections.abc import Sequence

from auricle.ai.port import Check, Draft, Entity, Judged, Statement, Utterance, Verdict
from auricle.ai.soap.checks import typed
from auricle.ai.soap.checks.compared import Compared
from auricle.ai.soap.checks.together import contradictions
from auricle.ai.soap.omissions import omissions

_CONTRADICTING = frozenset({"drug", "number", "side", "negation", "experiencer", "time", "consistency"})


def judge(draft: Draft, utterances: Sequence[Utterance], entities: Sequence[Entity]) -> Judged:
    """Give every statement its checks and verdict. `entities` are those of `utterances`.

    A statement that comes with a verdict was judged before and keeps it, unless another one now contradicts it, or no
    longer does.
    """
    sources = {u.id: u for u in utterances}
    following = {u.id: after for u, after in zip(utterances, utterances[1:], strict=False)}
    clashes = contradictions(draft.statements)
    statements = []
    for index, statement in enumerate(draft.statements):
        clash = [clashes[index]] if index in clashes else []
        if statement.verdict is None:
            statements.append(_judged(statement, Compared(statement, sources, entities, following), clash))
        else:
            statements.append(_kept(statement, clash))
    missing, completeness = omissions(statements, utterances, entities)
    approved = all(s.verdict in {"supported", "inferred"} for s in statements)
    return Judged(
        statements=statements, missing=missing, completeness=completeness, approved=approved and bool(statements)
    )


def _judged(statement: Statement, compared: Compared, clashes: Sequence[Check]) -> Statement:
    asked = (*typed.ALWAYS, *typed.WORD_BY_WORD) if compared.comparable else typed.ALWAYS
    checks = [*(check for compare in asked for check in compare(compared)), *clashes]
    return statement.model_copy(update={"checks": checks, "verdict": verdict(statement, checks)})


def _kept(statement: Statement, clashes: Sequence[Check]) -> Statement:
    checks = [*(check for check in statement.checks if check.name != "consistency"), *clashes]
    if checks == list(statement.checks):
        return statement
    return statement.model_copy(update={"checks": checks, "verdict": verdict(statement, checks)})


def verdict(statement: Statement, checks: Sequence[Check]) -> Verdict:
    """Contradicted by a typed check, else unsupported, else inferred (or of an unsure number), else supported.

    A `model` check (a language model's opinion) lowers what the typed ones leave standing, and lends support where they
    are unsure of it; against a typed conflict it does nothing.
    """
    opinion = {c.verdict for c in checks if c.name == "model"}
    conflicts = {c.name for c in checks if c.verdict == "conflict"}
    if "quote" in conflicts or "placeholder" in conflicts:
        return "unsupported"
    if conflicts & _CONTRADICTING:
        return "contradicted"
    if "exam" in conflicts:
        return "unsupported"
    if "conflict" in opinion:
        return "contradicted"
    if "unsure" in opinion:
        return "unsupported"
    if statement.kind == "inferred":
        return "inferred" if statement.section in {"assessment", "plan"} else "unsupported"
    support = {c.verdict for c in checks if c.name == "support"}
    if "conflict" in support or ("unsure" in support and "pass" not in opinion):
        return "unsupported"
    corrected = any(c.name == "number" and c.verdict == "unsure" for c in checks)
    return "inferred" if corrected else "supported"  # a number that its speaker corrected wants a second look
