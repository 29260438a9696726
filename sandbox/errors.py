"""Every class of error, each with its one exit code.

A message names the object, what was found, what was expected; `remedy` says what to do. Neither ever
holds an identifier or a value of a person: they are printed, logged and sent to partners.
"""

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command's exit status means (`commands.md`)."""

    DONE = 0
    CHECK_FAILED = 1
    CALL_WRONG = 2
    ENVIRONMENT_WRONG = 3
    REFUSED_WHOLE = 4


class SandboxError(Exception):
    """A fault that a person can mend; printed as a sentence and a remedy, never as a stack trace."""

    exit_code: ExitCode = ExitCode.CHECK_FAILED

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __reduce__(self) -> tuple[type["SandboxError"], tuple[str, str]]:
        """Survive the way back from a Spark worker."""
        return type(self), (self.message, self.remedy)


class CheckFailedError(SandboxError):
    """A check or a gate said no."""


class CallError(SandboxError):
    """The call is wrong: an option, a rule or a column that does not exist."""

    exit_code = ExitCode.CALL_WRONG


class EnvironmentFaultError(SandboxError):
    """The machine lacks something: Java, memory, disk, a package, a JAR."""

    exit_code = ExitCode.ENVIRONMENT_WRONG


class DeliveryRefusedError(SandboxError):
    """A delivery or file is refused whole; nothing of it was taken in."""

    exit_code = ExitCode.REFUSED_WHOLE


class TableMismatchError(SandboxError):
    """A frame does not fit the table's declaration (names table, column, found, expected)."""


class PermissionRefusedError(SandboxError):
    """A person may not do this in their role (an author's own approval, a missing signature)."""
