"""What a key may do, in words. Reads are found out by reading; writes only by what happened when one was tried."""

from dataclasses import dataclass

from accounts.models import ApiKey, Vendor

READS: dict[Vendor, dict[str, str]] = {
    Vendor.AVALA: {
        "A16": "say whose key it is",
        "A14": "read organizations",
        "A8": "read datasets",
        "A1": "read slices",
    },
    Vendor.CLOUDFACTORY: {"P12": "read projects", "P8": "read exports"},
}
WRITES: dict[Vendor, dict[str, str]] = {
    Vendor.AVALA: {"A3": "create slices"},
    Vendor.CLOUDFACTORY: {
        "P1": "upload files",
        "P3": "create batches",
        "P6": "order batches",
        "P9": "start exports",
        "P14": "decide on many work items at once",
        "P15": "create work items",
        "P17": "add labels to work items",
        "P19": "decide on work items",
    },
}


@dataclass(frozen=True)
class Ability:
    """`state` is yes, no or unknown."""

    label: str
    state: str


def read_abilities(key: ApiKey) -> list[Ability]:
    """Every ability with its label: what is known, and what only trying would tell."""
    return [Ability(label, key.findings.get(name, "unknown")) for name, label in operation_labels(key).items()]


def operation_labels(key: ApiKey) -> dict[str, str]:
    """The operations whose outcome says what a key may do, each with its label."""
    return READS[Vendor(key.vendor)] | WRITES[Vendor(key.vendor)]
