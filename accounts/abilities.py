"""What a key may do, in words. Reads are found out by reading; writes only by what happened when one was tried."""

from dataclasses import dataclass

from django.db import transaction

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
        "P3": "create batches",
        "P6": "order batches",
        "P9": "start exports",
        "P14": "send signals",
        "P15": "create work items",
    },
}


@dataclass(frozen=True)
class Ability:
    """`state` is yes, no or unknown."""

    words: str
    state: str


def of(key: ApiKey) -> list[Ability]:
    """Every ability in words: what is known, and what only trying would tell."""
    vendor = Vendor(key.vendor)
    rows = READS[vendor] | WRITES[vendor]
    return [Ability(words, key.findings.get(name, "unknown")) for name, words in rows.items()]


def learn(key: ApiKey, findings: dict[str, str]) -> None:
    """Adds what a call has shown; most calls show nothing new and write nothing."""
    known = READS[Vendor(key.vendor)] | WRITES[Vendor(key.vendor)]
    new = {name: state for name, state in findings.items() if name in known and key.findings.get(name) != state}
    if not new:
        return
    with transaction.atomic():
        row = ApiKey.objects.select_for_update().filter(pk=key.pk, fingerprint=key.fingerprint).first()
        if row is not None:
            row.findings |= new
            row.save(update_fields=["findings"])
    key.findings = key.findings | new
