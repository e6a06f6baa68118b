"""The pages of `/keys/`, `/people/`, `/join/` and one's own account."""

from accounts.views.account import profile, sessions, stay
from accounts.views.keys import connect, forget, keys, place, practice_keys, remove, switch, test
from accounts.views.people import invite, join, people_list, person
from accounts.views.refused_sign_in import sign_in_page_again

__all__ = [
    "connect",
    "forget",
    "invite",
    "join",
    "keys",
    "people_list",
    "person",
    "place",
    "practice_keys",
    "profile",
    "remove",
    "sessions",
    "sign_in_page_again",
    "stay",
    "switch",
    "test",
]
