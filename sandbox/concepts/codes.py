"""Code lists that columns use; SDMX's `_T` is the total over a dimension."""

from enum import StrEnum

TOTAL = "_T"


class Direction(StrEnum):
    """Arrival in, or departure from, the country."""

    ARRIVAL = "A"
    DEPARTURE = "D"


class Sex(StrEnum):
    """Sex as the feeds code it."""

    FEMALE = "F"
    MALE = "M"
    UNKNOWN = "U"


class Subpopulation(StrEnum):
    """The four subpopulations of the revised conceptual framework, and `unknown`, which is never dropped."""

    NATIVE_CITIZEN = "native_citizen"
    NATIVE_FOREIGN = "native_foreign"
    FOREIGN_BORN_CITIZEN = "foreign_born_citizen"
    FOREIGN_BORN_FOREIGN = "foreign_born_foreign"
    UNKNOWN = "unknown"


class FlowClass(StrEnum):
    """What a person's history says between two dates; a SIM that goes silent is unseen, not gone."""

    STAYED = "stayed"
    MOVED = "moved"
    APPEARED = "appeared"
    UNSEEN = "unseen"


class Activity(StrEnum):
    """How active a subscriber was in a month, before any place is told; a silent one has no row, and is not gone."""

    UNLOCATABLE = "unlocatable"
    INACTIVE = "inactive"
    MOBILE = "mobile"
    STABLE = "stable"


class TemporaryMobility(StrEnum):
    """Types of temporary mobility; `unknown` where no written rule holds."""

    VISITOR_OVERNIGHT = "visitor_overnight"
    VISITOR_SAME_DAY = "visitor_same_day"
    BORDER_WORKER = "border_worker"
    SEASONAL_WORKER = "seasonal_worker"
    OTHER_NONRESIDENT_WORKER = "other_nonresident_worker"
    STUDENT_UNDER_12M = "student_under_12m"
    TRANSIT = "transit"
    CIRCULAR = "circular"
    HUMANITARIAN_TEMPORARY = "humanitarian_temporary"
    UNKNOWN = "unknown"


class MovementError(StrEnum):
    """Why a person's or a row's movements can't be judged (`rule apply`, column `error`)."""

    SAME_DIRECTION = "same_direction"
    BAD_DIRECTION = "bad_direction"
    BAD_DATE = "bad_date"
    DUPLICATE_ID = "duplicate_id"
    DUPLICATE = "duplicate"


# Which class of visa tells which temporary mobility; a class that is not here leaves it unknown.
CODE_OF_VISA = {
    "visitor": TemporaryMobility.VISITOR_OVERNIGHT,
    "transit": TemporaryMobility.TRANSIT,
    "seasonal": TemporaryMobility.SEASONAL_WORKER,
    "work": TemporaryMobility.OTHER_NONRESIDENT_WORKER,
    "working_holiday": TemporaryMobility.OTHER_NONRESIDENT_WORKER,
    "student": TemporaryMobility.STUDENT_UNDER_12M,
    "humanitarian": TemporaryMobility.HUMANITARIAN_TEMPORARY,
}


class InternalMobility(StrEnum):
    """Types of temporary mobility inside the country; `unknown` where no written rule holds."""

    SEASONAL = "seasonal"
    WEEKEND_HOME = "weekend_home"
    WORK_ROTATION = "work_rotation"
    STUDY = "study"
    DISPLACEMENT = "displacement"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What the comparison with a benchmark says, from best to worst."""

    PUBLISH = "PUBLISH"
    CAUTION = "CAUTION"
    UNBENCHMARKED = "UNBENCHMARKED"
    WITHHOLD = "WITHHOLD"
    NOT_ASSESSABLE = "NOT_ASSESSABLE"


class ConfStatus(StrEnum):
    """SDMX confidentiality status as published: one code for every hidden cell alike."""

    FREE = "F"
    CONFIDENTIAL = "C"


class CellStatus(StrEnum):
    """Why a cell is open or hidden; internal, never published."""

    OPEN = "open"
    PRIMARY = "primary"
    SECONDARY = "secondary"
    PERTURBED = "perturbed"
