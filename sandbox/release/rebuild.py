"""A release made again, beside the one that stands."""

from pathlib import Path

from sandbox.concepts import seal
from sandbox.release import inputs, provenance
from sandbox.release.terms import Terms
from sandbox.settings import Workspace


def compare(folder: Path, files: dict[str, bytes]) -> list[str]:
    """Return the names of files that differ, are missing or are foreign; approvals and signature apart.

    A provenance file alone stands for all others: it holds the hash of each.
    """
    if folder.is_file():
        return [] if folder.read_bytes() == files[provenance.FILE] else [provenance.FILE]
    standing = {path.name for path in folder.iterdir()} - {seal.APPROVALS_FILE, seal.SIGNATURE_FILE}
    names = sorted(standing | set(files), key=lambda name: (name == seal.SUMS_FILE, name))
    return [name for name in names if name not in standing or files.get(name) != (folder / name).read_bytes()]


def since_then(workspace: Workspace, terms: Terms) -> list[str]:
    """Return the tables that have newer versions than those the release was made from."""
    newest = inputs.newest_versions(workspace)
    return [table.name for table in terms.tables if newest.get(table.name, table.version) != table.version]


def environment(terms: Terms) -> dict[str, str]:
    """Say whether code and lock file are those that the release was made with."""
    same = {True: "the same", False: "another than the release was made with"}
    return {
        "code": same[inputs.code_sha256() == terms.code_sha256],
        "lock": same[inputs.lock_sha256() == terms.lock_sha256],
    }
