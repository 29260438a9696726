"""What the invented partners agree on with the office, beside what a new contract of their feed says anyway."""

INVENTED = "The persons are invented: no row is about anyone who lives or lived"
AGREED = {
    "legalBasis": "None needed: every row is made by the program sandbox.synthetic from a seed",
    "partnersConfidential": "no",
    "partnerContact": "mailto:partner@aurelia.example",
    "officeContact": "mailto:steward@aurelia.example",
    "impactAssessment.necessity": f"To show the whole way from deliveries to a release. {INVENTED}",
    "impactAssessment.harmToGroups": f"{INVENTED}, so no group can be harmed; figures are labelled synthetic",
    "impactAssessment.redress": f"{INVENTED}, so nobody has a complaint; faults of the program go to its maintainers",
    "impactAssessment.consulted": "Nobody, as nobody is concerned; for a real country this part names who was asked",
}
PASSENGERS = {
    "recordSources": "border, API, PNR",
    "collectedUnder": "Passenger Records Act of Aurelia 2009, section 3, an invented statute for invented records",
    "statisticalUseLaw": "Statistics Act of Aurelia 2011, section 9, invented too: passenger records may be counted",
}


def agreed_terms(feed: str) -> dict[str, str]:
    """Return the terms of an invented partner's contract for a feed, by the names that a contract gives them."""
    return AGREED | (PASSENGERS if feed == "border_movement" else {})
