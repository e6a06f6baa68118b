"""The demo's keys and the people behind them: who they are, where they belong and what they may do."""

from dataclasses import dataclass
from uuid import NAMESPACE_URL, uuid5

SPACE = "5f0c2c1e-7d3a-4b57-9d2e-0a6d1f6b7c10"
ELSEWHERE_SPACE = "b7a3d0f4-2c61-4e0e-8a55-94e1c6f2d311"
OWNER = "northwind"
ELSEWHERE_OWNER = "elsewhere"
HOME_ORGANIZATIONS = (OWNER, "northwind-labs")

LOOK = frozenset({"look"})
LOOK_AND_SIGNAL = frozenset({"look", "signal"})
EVERYTHING = frozenset({"look", "signal", "change"})


@dataclass(frozen=True)
class Person:
    name: str
    email: str
    uid: str
    rights: frozenset[str]
    organizations: tuple[str, ...]
    spaces: tuple[str, ...]

    @property
    def owner(self) -> str:
        """Where a slice goes when the request names no organization."""
        return self.organizations[0]


def _person(name: str, rights: frozenset[str], *, home: bool = True) -> Person:
    email = f"{name}@northwind.example" if home else f"{name}@elsewhere.example"
    return Person(
        name=name,
        email=email,
        uid=str(uuid5(NAMESPACE_URL, f"mailto:{email}")),
        rights=rights,
        organizations=HOME_ORGANIZATIONS if home else (ELSEWHERE_OWNER,),
        spaces=(SPACE,) if home else (ELSEWHERE_SPACE,),
    )


PEOPLE = (
    _person("ops", EVERYTHING),
    _person("admin", EVERYTHING),
    _person("reviewer", LOOK_AND_SIGNAL),
    _person("auditor", LOOK),
    _person("outsider", EVERYTHING, home=False),
)
AVALA_KEYS = {f"avk_demo_{person.name}": person for person in PEOPLE}
CLOUDFACTORY_KEYS = {f"cf_demo_{person.name}": person for person in PEOPLE}
