"""How the audit words and groups what is done to accounts, keys and sessions."""

from django.contrib.humanize.templatetags.humanize import intcomma

from console.audit import actions, registry
from console.audit.actions import LEFT_OUT, Action
from console.audit.phrases import Detail


def _new_role(detail: Detail) -> str:
    before, after = detail.get("before"), detail.get("after")
    return f" from {before.lower()} to {after.lower()}" if isinstance(before, str) and isinstance(after, str) else ""


def _role(detail: Detail) -> str:
    role = str(detail.get("role") or "").lower()
    return f" as {'an' if role[0] in 'aeiou' else 'a'} {role}" if role else ""


def _sessions(detail: Detail) -> str:
    number = detail.get("sessions")
    return f" {intcomma(number)} other sessions" if isinstance(number, int) and number > 1 else " another session"


ACTIONS: dict[str, Action] = {
    "key.connect": Action("keys", "connected a key for {vendor}", "connect a key for {vendor}"),
    "key.replace": Action("keys", "replaced the key for {vendor}", "replace the key for {vendor}"),
    "key.remove": Action("keys", "removed the key for {vendor}", "remove the key for {vendor}"),
    "person.invite": Action("people", "invited {thing}", "invite {thing}", _role),
    "person.join": Action("people", "joined the console", "join the console", _role),
    "person.link": Action("people", "created a new sign-in link for {thing}", "create a new sign-in link for {thing}"),
    "person.withdraw": Action("people", "revoked the sign-in link for {thing}", "revoke the sign-in link for {thing}"),
    "person.role": Action("people", "changed the role of {thing}", "change the role of {thing}", _new_role),
    "person.factors": Action(
        "people", "turned off two-step verification for {thing}", "turn off two-step verification for {thing}"
    ),
    "person.disable": Action("people", "disabled the account of {thing}", "disable the account of {thing}"),
    "person.enable": Action("people", "enabled the account of {thing} again", "enable the account of {thing} again"),
    "session.sign_in": Action("sessions", "signed in", "sign in"),
    "session.sign_out": Action("sessions", "signed out", "sign out"),
    "session.refused": Action(
        "sessions",
        "failed to sign in{as_thing}",
        "sign in{as_thing}",
        refused="failed to sign in{as_thing}",
        author="Someone",
    ),
    "session.end": Action("sessions", "signed out of", "sign out of", _sessions),
    "page.refused": Action(
        "sessions", "tried to {page}", "{page}", refused="tried to {page}, but their role doesn't allow it"
    ),
    "password.change": Action("sessions", "changed their password", "change their password"),
    "factor.add": Action(
        "sessions", "added {a_thing} to two-step verification", "add {a_thing} to two-step verification"
    ),
    "factor.remove": Action(
        "sessions", "removed {a_thing} from two-step verification", "remove {a_thing} from two-step verification"
    ),
    "factor.renew": Action(
        "sessions",
        "created new {thing} for two-step verification",
        "create new {thing} for two-step verification",
    ),
}

PAGES = {
    "accounts:invite": "invite a person",
    "accounts:people": "open the list of people",
    "accounts:person": "open a person's page",
}


def register() -> None:
    actions.register_group("keys", "API keys", position=70, section="People and keys")
    actions.register_group("people", "People", position=80, section="People and keys")
    # Sign-ins are no work to hand over.
    actions.register_group("sessions", "Sign-ins", position=90, section=LEFT_OUT)
    actions.register(ACTIONS)
    actions.register_pages(PAGES)
    registry.register_place("account", "Sign-in")
    registry.register_place("accounts", "Account and people")
    registry.register_place("mfa", "Two-step verification")
