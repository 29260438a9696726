"""The network that a file of mobile events takes for granted: that of the operator who sent it."""

from sandbox.errors import DeliveryRefusedError
from sandbox.feeds.readers import ReadOptions


def own_network(options: ReadOptions, file: str) -> str:
    """Return the mobile country code of the operator that sent the file; refuse if nobody stated it."""
    if not options.mcc:
        raise DeliveryRefusedError(
            f"{file} does not say whose network it is of.", "State the operator's mobile country code in the contract."
        )
    return options.mcc
