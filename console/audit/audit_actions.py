"""How the audit words and groups what is done to itself."""

from console.audit import actions, phrases, registry
from console.audit.actions import LEFT_OUT, Action

ACTIONS: dict[str, Action] = {
    "audit.export": Action("audit", "exported the audit as CSV", "export the audit as CSV", phrases.summary),
}

PAGES = {
    "audit:check": "verify the audit",
    "audit:stop_check": "verify the audit",
    "audit:export": "export the audit as CSV",
    "audit:handover_csv": "export a handover note as CSV",
}


def register() -> None:
    actions.register_group("audit", "Audit", position=100, section=LEFT_OUT)
    actions.register(ACTIONS)
    actions.register_pages(PAGES)
    registry.register_place("audit", "Audit")
