"""The catalogue of indicators that the pipeline produces; pages, structure and readiness are made from it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Indicator:
    """One indicator: what is counted, in which unit, by which rule and feed; `signed` may be below zero.

    `parts` are the indicators that it is computed from: with one of them it would give the other away.
    """

    id: str
    name: str
    unit: str
    rule_id: str
    feed: str
    description: str
    benchmark_series: str = ""
    signed: bool = False
    parts: tuple[str, ...] = ()


INDICATORS: dict[str, Indicator] = {
    indicator.id: indicator
    for indicator in (
        Indicator(
            "IMM",
            "Immigrants",
            "persons",
            "NZ_12_16",
            "border_movement",
            "Arrivals of non-residents who then spend 12 of the next 16 months in the country.",
            "OFFICIAL_IMM",
        ),
        Indicator(
            "EMI",
            "Emigrants",
            "persons",
            "NZ_12_16",
            "border_movement",
            "Departures of residents who then spend 12 of the next 16 months abroad.",
            "OFFICIAL_EMI",
        ),
        Indicator(
            "NET",
            "Net migration",
            "persons",
            "NZ_12_16",
            "border_movement",
            "Immigrants less emigrants.",
            "OFFICIAL_NET",
            signed=True,
            parts=("IMM", "EMI"),
        ),
        Indicator(
            "IMM_ADJ",
            "Immigrants, consistent with the annual official total",
            "persons",
            "NZ_12_16",
            "combined",
            "The monthly series of immigrants, adjusted to add up to the official annual totals.",
            "OFFICIAL_IMM",
        ),
        Indicator(
            "INT_FLOW",
            "Internal migration",
            "persons",
            "INT_50",
            "mobile_event",
            "Changes of home area inside the country, area of origin by area of destination.",
            "OFFICIAL_INT",
        ),
        Indicator(
            "IN_AREA",
            "Arrivals in an area from other areas",
            "persons",
            "INT_50",
            "combined",
            "Internal arrivals by area, strengthened by Fay–Herriot with other feeds.",
            "OFFICIAL_IN_AREA",
        ),
        Indicator(
            "NIGHTS_NONRES",
            "Nights spent by non-residents",
            "nights",
            "",
            "mobile_event",
            "Nights in the country of roaming subscribers, by month and area.",
        ),
        Indicator(
            "STOCK_ORIGIN",
            "Foreign-born residents by origin",
            "persons",
            "",
            "audience_estimate",
            "Stock of foreign-born residents modelled from audience estimates of a platform.",
            "OFFICIAL_STOCK",
        ),
        Indicator(
            "NET_AIR",
            "Net air passengers",
            "persons",
            "",
            "air_od_month",
            "Air passengers in less out: a raw proxy, no migration by any rule.",
            "OFFICIAL_NET",
            signed=True,
        ),
        Indicator(
            "POST_SHARE",
            "Share of movers among users who post, by destination",
            "share",
            "POST_50",
            "geotagged_post",
            "Users with a change of country of residence among users observed on both sides.",
        ),
    )
}
