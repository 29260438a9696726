"""What changed between two versions of a contract, whether it breaks what rests on the old, and the version needed."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from open_data_contract_standard.model import OpenDataContractStandard, SchemaProperty

from sandbox.errors import CallError
from sandbox.feeds.contract.columns import WORDING, Promise, bound, promised
from sandbox.feeds.contract.document import feed_in, partner_in, terms_in
from sandbox.feeds.contract.lint import ACTIVE, VERSION
from sandbox.feeds.contract.statements import says_nothing
from sandbox.feeds.contract.terms import Effect, Term, listed, terms_of

Version = tuple[int, int, int]
# Parts of the document that are compared piece by piece.
COMPARED = {"version", "status", "description", "schema_", "servers", "support", "slaProperties", "customProperties"}


@dataclass(frozen=True)
class Change:
    """One change: what it is, and why it breaks or does not."""

    effect: Effect
    text: str
    why: str
    completes: bool = False


@dataclass(frozen=True)
class Comparison:
    """All changes from one version to another, and whether the new version's number says so."""

    old: str
    new: str
    changes: tuple[Change, ...]

    @property
    def effect(self) -> Effect | None:
        """The gravest effect; none where nothing changed, or gaps of a draft were filled alone."""
        counted = [change.effect for change in self.changes if not change.completes]
        return max(counted, key=list(Effect).index, default=None)

    @property
    def needed(self) -> str:
        """The lowest version that the new contract may have, by semantic versioning."""
        major, minor, patch = _version(self.old)
        lowest = {
            None: (major, minor, patch),
            Effect.EDITORIAL: (major, minor, patch + 1),
            Effect.COMPATIBLE: (major, minor + 1, 0),
            Effect.BREAKING: (major + 1, 0, 0),
        }[self.effect]
        return ".".join(map(str, lowest))

    @property
    def untold(self) -> str:
        """Why the new contract's version can't stand."""
        if _version(self.new) < _version(self.old):
            return f"Version {self.new} comes before {self.old}: a version never goes back."
        return f"Version {self.new} does not say that the contract changed: {self.effect}."

    @property
    def is_told(self) -> bool:
        """Whether the new contract's version says what changed."""
        return _version(self.new) >= _version(self.needed)


def compared(old: OpenDataContractStandard, new: OpenDataContractStandard) -> Comparison:
    """Compare two versions of one contract; `CallError` where they are none."""
    if (partner_in(old), feed_in(old)) != (partner_in(new), feed_in(new)):
        raise CallError(
            "The two files are contracts of different partners or feeds.", "Compare two versions of one contract."
        )
    for each in (old, new):
        _version(each.version or "")
    changes = [*_column_changes(old, new), *_term_changes(old, new), *_status_changes(old, new)]
    if _explained(old, new) != _explained(new, old):
        changes.append(Change(Effect.EDITORIAL, "names or explanations reworded", "nothing that binds hangs on them"))
    if not changes and _but_version(old) != _but_version(new):
        changes.append(Change(Effect.EDITORIAL, "other entries changed", "nothing that binds hangs on them"))
    return Comparison(old.version or "", new.version or "", tuple(changes))


def _version(text: str) -> Version:
    found = VERSION.fullmatch(text)
    if found is None:
        raise CallError(f"{text!r} is no version of a contract.", "Write MAJOR.MINOR.PATCH, 1.0.0 for example.")
    major, minor, patch = map(int, found.groups())
    return major, minor, patch


def _but_version(contract: OpenDataContractStandard) -> dict[str, Any]:
    return contract.model_dump(exclude={"version"}, exclude_none=True)


def _columns(contract: OpenDataContractStandard) -> dict[str, SchemaProperty]:
    return {item.name or "": item for schema in contract.schema_ or [] for item in schema.properties or []}


def _column_changes(old: OpenDataContractStandard, new: OpenDataContractStandard) -> Iterator[Change]:
    before, after = _columns(old), _columns(new)
    for name in (each for each in before if each not in after):
        yield Change(Effect.BREAKING, f"column {name} removed", "readers lose it")
    for name in (each for each in after if each not in before):
        if after[name].required:
            yield Change(Effect.BREAKING, f"required column {name} added", "files sent so far lack it and are refused")
        else:
            yield Change(Effect.COMPATIBLE, f"column {name} added", "it may be empty, and nobody reads it yet")
    for name in (each for each in before if each in after):
        changes = list(_changes_of(name, promised(before[name]), promised(after[name])))
        if not changes and _checked(before[name]) != _checked(after[name]):
            text = f"column {name}: entries that this software does not check"
            changes.append(Change(Effect.BREAKING, text, "whoever checks them elsewhere is bound by them"))
        yield from changes


def _checked(item: SchemaProperty) -> dict[str, Any]:
    """Return what a column states, but the time zone, which is a term of the whole contract."""
    stated = bound(item)
    options = {name: value for name, value in stated.pop("logicalTypeOptions", {}).items() if name != "defaultTimezone"}
    return stated | options


def _changes_of(name: str, old: Promise, new: Promise) -> Iterator[Change]:
    if old.type != new.type:
        yield Change(Effect.BREAKING, f"column {name}: type {old.type} → {new.type}", "values are read differently")
    if old.unit != new.unit:
        text = f"column {name}: unit {old.unit or 'none'} → {new.unit or 'none'}"
        yield Change(Effect.BREAKING, text, "the same number means something else")
    if old.classification != new.classification:
        text = f"column {name}: {old.classification or 'no identifier'} → {new.classification or 'no identifier'}"
        yield Change(Effect.BREAKING, text, "whether a person's identifier is replaced hangs on it")
    if new.required and not old.required:
        yield Change(Effect.BREAKING, f"column {name} may not be empty any more", "rows that were right are refused")
    if old.required and not new.required:
        yield Change(Effect.BREAKING, f"column {name} may be empty", "readers count on a value in every row")
    yield from _range_changes(name, old, new)
    yield from _code_changes(name, set(old.codes), set(new.codes))


def _range_changes(name: str, old: Promise, new: Promise) -> Iterator[Change]:
    infinite = float("inf")
    lower = (-infinite if old.minimum is None else old.minimum, -infinite if new.minimum is None else new.minimum)
    upper = (infinite if old.maximum is None else old.maximum, infinite if new.maximum is None else new.maximum)
    text = f"column {name}: range {lower[0]:g} to {upper[0]:g} → {lower[1]:g} to {upper[1]:g}"
    if lower[1] > lower[0] or upper[1] < upper[0]:
        yield Change(Effect.BREAKING, f"{text}, narrowed", "values that were right are refused")
    if lower[1] < lower[0] or upper[1] > upper[0]:
        yield Change(Effect.BREAKING, f"{text}, widened", "readers meet values that they were promised not to meet")


def _code_changes(name: str, old: set[str], new: set[str]) -> Iterator[Change]:
    if old and not new:
        yield Change(Effect.BREAKING, f"column {name}: any code is allowed", "readers meet codes that they don't know")
    elif new and not old:
        text = f"column {name}: only listed codes are allowed"
        yield Change(Effect.BREAKING, text, "values that were right are refused")
    else:
        if gone := ", ".join(sorted(old - new)):
            yield Change(Effect.BREAKING, f"column {name}: code {gone} removed", "rows that hold it are refused")
        if added := ", ".join(sorted(new - old)):
            yield Change(Effect.BREAKING, f"column {name}: code {added} added", "readers meet what they don't know")


def _term_changes(old: OpenDataContractStandard, new: OpenDataContractStandard) -> Iterator[Change]:
    feed, before, after = feed_in(new), terms_in(old), terms_in(new)
    for name, term in (terms_of(feed) if feed else {}).items():
        was, now = before.get(name, ""), after.get(name, "")
        if was != now:
            yield _formats_change(was, now) if name == "formats" else _term_change(term, was, now, old.status != ACTIVE)


def _formats_change(was: str, now: str) -> Change:
    gone, added = set(listed(was)) - set(listed(now)), set(listed(now)) - set(listed(was))
    if gone:
        return Change(Effect.BREAKING, f"format {', '.join(sorted(gone))} removed", "files that were right are refused")
    text = f"format {', '.join(sorted(added))} added" if added else "formats in another order"
    return Change(Effect.COMPATIBLE if added else Effect.EDITORIAL, text, "files sent so far are read as before")


def _term_change(term: Term, was: str, now: str, was_draft: bool) -> Change:
    text = f"{term.name}: {was or 'nothing'} → {now or 'nothing'}"
    if was_draft and says_nothing(was):
        return Change(Effect.COMPATIBLE, f"{term.name} filled in", "the draft left it open", completes=True)
    if term.name == "waiver" and says_nothing(was):
        return Change(Effect.COMPATIBLE, text, "more may be published than before, and nothing less")
    if term.less and term.more and was.isdigit() and now.isdigit():
        effect, why = term.less if int(now) < int(was) else term.more
        return Change(effect, text, why)
    return Change(term.effect, text, term.why)


def _status_changes(old: OpenDataContractStandard, new: OpenDataContractStandard) -> Iterator[Change]:
    if old.status == new.status:
        return
    text = f"status {old.status} → {new.status}"
    if old.status == ACTIVE:
        yield Change(Effect.BREAKING, text, "deliveries under it are refused from now on")
    elif new.status == ACTIVE:
        yield Change(Effect.COMPATIBLE, text, "nothing was delivered under it before", completes=True)
    else:
        yield Change(Effect.COMPATIBLE, text, "nothing is delivered under it", completes=True)


def _explained(contract: OpenDataContractStandard, other: OpenDataContractStandard) -> list[object]:
    """Return what of a contract no other comparison looks at, for columns and terms that both contracts have."""
    rest = contract.model_dump(exclude_none=True, exclude=COMPARED)
    about = contract.description.model_dump(exclude={"purpose", "limitations"}) if contract.description else None
    shared = _columns(other)
    columns = [item for name, item in _columns(contract).items() if name in shared]
    worded = [item.model_dump(include=WORDING, exclude_none=True) for item in columns]
    terms = {item.property for item in other.customProperties or []}
    custom = [(item.property, item.description) for item in contract.customProperties or [] if item.property in terms]
    return [rest, about, worded, custom]
