"""`doctor` tells what is missing and how to get it."""

from pathlib import Path

import pytest

from sandbox.lakehouse.machine import conditions, java_version


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_401"', 8),
        ('openjdk version "21" 2023-09-19', 21),
        ("command not found", None),
    ],
)
def test_the_main_version_of_java_is_read(said: str, version: int | None) -> None:
    assert java_version(said) == version


def test_a_machine_without_java_is_told_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    java = conditions(tmp_path)[0]

    assert (java.holds, java.found) == (False, "none found")
    assert "openjdk-17-jre-headless" in java.remedy


def test_a_java_that_is_too_old_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    old = tmp_path / "bin" / "java"
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n", "utf-8")
    old.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    java = conditions(tmp_path)[0]

    assert (java.holds, java.found) == (False, "version 11")
