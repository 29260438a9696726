"""`sandbox feed contract` and `sandbox feed pack`: the agreement of partner and office, and what is sent under it."""

import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sandbox.cli.console import JsonOption, QuietOption, answer, told
from sandbox.errors import CallError, CheckFailedError, DeliveryRefusedError

if TYPE_CHECKING:
    from sandbox.feeds.delivery import Delivery

app = typer.Typer(help="Agreements with partners (ODCS v3.1).", no_args_is_help=True)

ContractArgument = Annotated[Path, typer.Argument(help="Contract file.")]


@app.command("new")
def contract_new(
    feed: Annotated[str, typer.Argument(help="Feed or reference table.")],
    partner: Annotated[str, typer.Argument(help="Partner: lower-case letters, digits, _.")],
    out: Annotated[Path | None, typer.Option("--out", help="File to write; else standard output.")] = None,
    stated: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A term of the contract; several times.")
    ] = None,
) -> None:
    """Write a draft of a contract: the feed's columns, and the terms, with what is still to be filled in marked."""
    from sandbox.feeds import contract

    text = contract.new(feed, partner, **dict(map(_pair, stated or [])))
    if out is None:
        sys.stdout.write(text)
        return
    if out.exists():
        raise CallError(f"{out} is there already.", "Choose another --out: a change of contract is a new version.")
    out.write_text(text, "utf-8")


@app.command("lint")
def contract_lint(path: ContractArgument, as_json: JsonOption = False) -> None:
    """Say what is wrong with a contract, and what is missing before it can be activated."""
    from sandbox.feeds import contract

    text = contract.text_of(path)
    agreed = contract.parsed(text, path.name)
    faults = contract.faults_of(agreed, text)
    head = {"contract": agreed.id, "version": agreed.version, "status": agreed.status, "faults": len(faults)}
    if as_json:
        answer(head | {"found": [vars(fault) for fault in faults]}, as_json)
    else:
        answer(head, as_json)
        for fault in faults:
            sys.stdout.write(f"{fault.kind:<8} {fault.text}\n         {fault.remedy}\n")
    if faults:
        raise CheckFailedError(f"{path.name} can't be active.", "Mend what is named, then lint again.")


@app.command("diff")
def contract_diff(
    old: Annotated[Path, typer.Argument(help="The contract as it was.")],
    new: Annotated[Path, typer.Argument(help="The contract as it shall be.")],
    as_json: JsonOption = False,
) -> None:
    """Say what changed, whether it breaks what rests on the old contract, and the version that the new one needs."""
    from sandbox.feeds import contract

    before, after = (contract.parsed(contract.text_of(path), path.name) for path in (old, new))
    found = contract.compared(before, after)
    versions = {"old_version": found.old, "new_version": found.new, "lowest_version": found.needed}
    if as_json:
        answer(versions | {"changes": [vars(change) for change in found.changes]}, as_json)
    else:
        for change in found.changes:
            sys.stdout.write(f"{change.effect:<10} {change.text}: {change.why}\n")
        answer(versions, as_json)
    if not found.is_told:
        raise CheckFailedError(found.untold, f"Write `version: {found.needed}` into {new.name}.")


def pack(
    files: Annotated[list[Path], typer.Argument(help="Files of the delivery.")],
    contract: Annotated[Path, typer.Option("--contract", help="Contract that the files come under.")],
    period: Annotated[str, typer.Option("--period", metavar="FROM:TO", help="First and last day that is covered.")],
    delivered_at: Annotated[
        str, typer.Option("--delivered-at", help="Moment of hand-over, with its zone: 2026-02-01T09:00:00+13:00.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder of the delivery; made anew.")],
    file_format: Annotated[str, typer.Option("--format", help="Reader; else told from the name.")] = "",
    replaces: Annotated[str, typer.Option("--replaces", help="Id of the delivery that this one corrects.")] = "",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Make a delivery of files: a folder with them and the manifest (hashes, rows, period) that the office asks for."""
    from sandbox.feeds import contract as contracts
    from sandbox.feeds.check import format_of
    from sandbox.feeds.delivery import pack as packed

    agreed = contracts.read(contract)
    if agreed.status != "active":
        raise CallError(f"Contract {agreed.id} is {agreed.status}.", "Files go out under an active contract only.")
    days, moment = _period(period), _moment(delivered_at)
    sent = [(file, file_format or format_of(file)) for file in files]
    _check_sent(sent, agreed.formats, out)
    with told(f"packing {len(sent)} file{'s' * (len(sent) > 1)}", quiet), _whole_or_nothing(out):
        made = packed(out, sent, agreed, days, moment, replaces)
        _check_has_rows(made)
    answer({"delivery": made.id, "files": len(sent), "rows": made.rows, "folder": out}, as_json)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise CallError(f"--set {text} has no value.", "Write --set NAME=VALUE.")
    return name.strip(), value.strip()


def _period(text: str) -> tuple[date, date]:
    try:
        first, last = (date.fromisoformat(day) for day in text.split(":"))
    except ValueError:
        raise CallError(f"{text!r} is no period.", "Write --period 2026-01-01:2026-01-31.") from None
    if first > last:
        raise CallError("The period ends before it begins.", "Write its first day first.")
    return first, last


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CallError(
            f"{text!r} is no moment with a time zone.", "Write --delivered-at 2026-02-01T09:00:00Z."
        ) from None
    return moment


@contextmanager
def _whole_or_nothing(out: Path) -> Iterator[None]:
    """Leave nothing of a delivery that could not be packed: half of one must not be sent by mistake."""
    was_there = out.exists()
    try:
        yield
    except BaseException:
        shutil.rmtree(out, ignore_errors=True)
        if was_there:
            out.mkdir()
        raise


def _check_has_rows(made: "Delivery") -> None:
    empty = [file.name for file in made.manifest.files if not file.rows]
    if empty:
        raise DeliveryRefusedError(f"{', '.join(empty)} has no rows.", "Send nothing rather than an empty file.")


def _check_sent(sent: list[tuple[Path, str]], formats: tuple[str, ...], out: Path) -> None:
    """Refuse what the office would refuse, before anything is written."""
    from sandbox.feeds.delivery import FILE_NAME

    names = [file.name for file, _ in sent]
    for file, file_format in sent:
        if not file.is_file():
            raise CallError(f"There is no file {file.name}.", "Check the path.")
        if not re.fullmatch(FILE_NAME, file.name) or ".." in file.name:
            raise CallError(f"{file.name} is no name for a file.", "Use letters, digits, `_`, `-` and single dots.")
        if file_format not in formats:
            raise CallError(f"The contract has no format {file_format}.", f"Send one of: {', '.join(formats)}.")
    if len(set(names)) < len(names):
        raise CallError("Two files have the same name.", "Give each a name of its own.")
    if out.exists() and any(out.iterdir()):
        raise CallError(f"{out} holds something already.", "Choose an empty folder: a delivery is packed once.")
