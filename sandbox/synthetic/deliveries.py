"""What partners would send of the truth, written to a landing folder as they send it: files with manifests."""

from pathlib import Path

from sandbox.synthetic.aviation_files import write_aviation
from sandbox.synthetic.border_files import write_border
from sandbox.synthetic.country import Truth
from sandbox.synthetic.office_files import write_office
from sandbox.synthetic.operator_files import write_operator
from sandbox.synthetic.platform_files import write_audience, write_posts

PARTNERS = (write_office, write_border, write_aviation, write_audience, write_posts, write_operator)


def write(truth: Truth, landing: Path, seed: int) -> list[Path]:
    """Write every delivery below `landing` and return the manifests; the same seed gives the same bytes."""
    return [manifest for hand_over in PARTNERS for manifest in hand_over(truth, landing, seed)]
