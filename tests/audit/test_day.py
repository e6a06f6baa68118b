"""The audit of a whole day, read aloud by each role."""

import csv
import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Person
from console.emulator.server import Running
from tests.accounts.asking import browser, sign_in
from tests.audit import day
from tests.markup import folded

pytestmark = pytest.mark.django_db(transaction=True)
ClientAs = Callable[[Person], Client]


WHEN = re.compile(r"\d+ \w{3} \d{4}(, \d\d:\d\d UTC)?")
DAY = [
    "Erin signed in | Done",
    "Erin invited Nia as an operator | Done",
    "Erin revoked the sign-in link for Nia | Done",
    "Erin created a new sign-in link for Nia | Done",
    "Nia Novak joined the console as an operator | Done",
    "Nia Novak signed in | Done",
    "Erin changed the role of Nia Novak from operator to auditor | Done",
    "Erin disabled the account of Nia Novak | Done",
    "Erin enabled the account of Nia Novak again | Done",
    "Alice signed in | Done",
    "Alice tried to replace the key for Avala, but it failed: Avala does not know this key."
    " Check that all of it was copied. | Failed",
    "Alice replaced the key for Avala | Done",
    "Alice removed the key for Avala | Done",
    "Alice connected a key for Avala | Done",
    "Alice created the slice Rain | Done",
    "Alice tried to create the slice Fog, but it failed: Avala does not allow this with this key. | Failed",
    "Alice created the slice Snow | Done",
    "Alice created the slice Hail | Done",
    "Alice created the batch Night rain | Done",
    "Alice tried to create the batch Worn edges, but it failed:"
    " This project already has a batch with this name. | Failed",
    "Alice created the batch Second rain | Done",
    "Alice renamed the batch Naples, early shift to Naples, dawn shift | Done",
    "Alice tried to rename the batch Naples, dawn shift to Naples, noon shift, but it failed:"
    " CloudFactory does not allow this with this key. | Failed",
    "Alice changed the metadata of the batch Naples, dawn shift: added crew; changed site; removed shift | Done",
    "Alice changed the order of Coin outlines: Worn edges 4th to 1st; three batches move down one"
    " | “for Friday” | Done",
    "Alice undid a change to the order of Coin outlines: Worn edges 1st to 4th; three batches move up one | Done",
    "Alice restored an earlier order of Coin outlines: Worn edges 4th to 1st; three batches move down one | Done",
    "Alice tried to change the order of Coin outlines: Turin, night shift 2nd to 1st;"
    " one batch moves down one, but it failed: CloudFactory does not allow this with this key. | Failed",
    "Alice tried to change the order of Coin outlines: Turin, night shift 2nd to 1st;"
    " one batch moves down one, but CloudFactory gave no clear answer, so we can't tell whether it worked "
    "| Unresolved",
    "Alice exported all of Eye screening as Eyes (COCO) | Downloaded by Bob once."
    " Partly downloaded by Bob (65.4 kB of 131 kB). It was deleted, along with its file. | Done",
    "The console read the file of the export Eyes for its receipt (131 kB) | Done",
    "Alice tried to export all of Eye screening as Too soon (COCO), but it failed:"
    " Another export of the space was running. | Failed",
    "Alice queued the export Coins (COCO) | Done",
    "Alice queued the export Never mind (COCO) | Done",
    "Alice removed the export Never mind from the queue | Done",
    "Alice exported all of Coin outlines as Coins (COCO) "
    "| CloudFactory could not build it, so there is no file. | Failed later",
    "Alice tried to export all of Eye screening as Unclear (COCO), but it failed:"
    " The connection to CloudFactory dropped. | “It is not in the list.” | Failed",
    "Someone failed to sign in as bob@northwind.example: wrong password | Failed",
    "Someone failed to sign in as stranger@northwind.example: unknown email address | Failed",
    "Bob signed in | Done",
    "Bob downloaded the export Eyes (131 kB) | Done",
    "Bob downloaded part of the export Eyes (8 bytes of 131 kB, then it broke off) | In part",
    "Bob downloaded part of the export Eyes (resumed, 65.4 kB of 131 kB) | In part",
    "Bob tried to download the export (name unknown), but it failed:"
    " CloudFactory does not allow this with this key. | Failed",
    "Bob tried to create a slice, but their role doesn't allow it | Failed",
    "Bob tried to open the list of people, but their role doesn't allow it | Failed",
    "Bob tried to open the list of background jobs, but their role doesn't allow it | Failed",
    "Bob tried to export the audit as CSV, but their role doesn't allow it | Failed",
    "Bob added an authenticator app to two-step verification | Done",
    "Bob added recovery codes to two-step verification | Done",
    "Someone failed to sign in as bob@northwind.example: wrong code | Failed",
    "Bob signed in | Done",
    "Bob created new recovery codes for two-step verification | Done",
    "Bob signed in | Done",
    "Bob signed out of another session | Done",
    "Bob changed their password | Done",
    "Bob signed out | Done",
    "Erin turned off two-step verification for Bob | Done",
    "Alice tried to delete the export Eyes, but it failed: CloudFactory does not allow this with this key. | Failed",
    "Alice deleted the export Eyes | Done",
    "Alice signed out | Done",
    "Dana signed in | Done",
    "Dana tried to create an export, but their role doesn't allow it | Failed",
    "Dana exported the audit as CSV: exports and downloads, without sign-ins, “eyes”, from the beginning | Done",
    "Dana exported the audit as CSV: handover note of work by everyone, <when> to <when> | Done",
]


@pytest.fixture
def whole_day(emulator: Running, alice: Person, bob: Person, dana: Person, erin: Person, settings: Any) -> None:
    settings.SHARED_READ_SECONDS = settings.EXPORT_FIRST_LOOK = 0
    day.play(emulator, alice, bob, dana, erin)


def read(client: Client) -> list[str]:
    """Every line of the audit as it stands on its pages, the oldest first: the sentence, what follows, the outcome."""
    said, address = [], "/audit/?period=all"
    while address:
        page = client.get(address).content.decode()
        said += [line(row) for row in re.findall(r'<tr id="entry-.*?</tr>', page, re.DOTALL)]
        older = re.search(r'rel="next" href="([^"]+)"', page)
        address = older[1].replace("&amp;", "&") if older else ""
    return said[::-1]


def line(row: str) -> str:
    sentence, *notes = re.findall(r"<p[^>]*>(.*?)</p>", row, re.DOTALL)
    outcome = re.findall(r'data-label="Outcome">(.*?)</td>', row, re.DOTALL)[0]
    return " | ".join([words(sentence), *map(words, notes), words(outcome)])


def words(markup: str) -> str:
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", markup)).strip()
    for entity, character in (("&#x27;", "'"), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(entity, character)
    return WHEN.sub("<when>", text)


def test_every_sentence_of_a_day_is_right_for_each_role(
    whole_day: None, dana: Person, alice: Person, bob: Person, erin: Person, client_as: ClientAs
) -> None:
    auditor, reviewer = client_as(dana), browser()
    sign_in(reviewer, bob.email, day.FRESH)
    assert read(auditor) == [*DAY, "Bob signed in | Done"]
    assert read(client_as(alice)) == [said for said in DAY if said.startswith("Alice ")]
    assert read(reviewer) == [
        *(said for said in DAY if said.startswith("Bob ") or " as bob@" in said),
        "Bob signed in | Done",
    ]


def test_no_sentence_links_to_a_page_that_is_not_there(whole_day: None, alice: Person, client_as: ClientAs) -> None:
    """The deleted export is named without a link."""
    operator = client_as(alice)
    page = folded(operator.get("/audit/?period=all").content.decode())
    links = dict(re.findall(r'<em><a href="([^"]+)"><bdi>(.*?)</bdi>', page))
    assert set(links.values()) >= {"Rain", "Night rain", "Coin outlines", "Coins"}
    assert "Eyes" not in links.values()
    assert {address: operator.get(address).status_code for address in links} == dict.fromkeys(links, 200)


def test_the_days_sheet_and_note_say_the_same_sentences(whole_day: None, dana: Person, client_as: ClientAs) -> None:
    auditor = client_as(dana)
    sheet = b"".join(auditor.get("/audit/export.csv?period=all").streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(sheet, newline="")))[::-1]
    assert [WHEN.sub("<when>", row["What happened"]) for row in rows] == [said.split(" | ")[0] for said in DAY]
    # A day that began just before midnight is no longer today.
    page = auditor.get("/audit/handover/?period=evening")
    told = [told.line.text for section in page.context["note"].sections for told in section.lines]
    text = page.context["note"].text
    assert len(told) > 30
    assert {WHEN.sub("<when>", one) for one in told} <= {said.split(" | ")[0] for said in DAY}
    assert all(one in text for one in told)
    assert not re.search(r"[0-9a-f]{8}-", text)
