"""Contracts: one ODCS v3.1 file per partner and feed, made from the tables' declarations so that they can't drift."""

from sandbox.feeds.contract.agreed import Contract, feed_named, new, read, text_of
from sandbox.feeds.contract.diff import Change, Comparison, compared
from sandbox.feeds.contract.document import ALL_FEEDS, parsed
from sandbox.feeds.contract.lint import Fault, Kind, faults_of
from sandbox.feeds.contract.terms import PURPOSE, TERMS, Effect, YearBasis, terms_of

__all__ = [
    "ALL_FEEDS",
    "PURPOSE",
    "TERMS",
    "Change",
    "Comparison",
    "Contract",
    "Effect",
    "Fault",
    "Kind",
    "YearBasis",
    "compared",
    "faults_of",
    "feed_named",
    "new",
    "parsed",
    "read",
    "terms_of",
    "text_of",
]
