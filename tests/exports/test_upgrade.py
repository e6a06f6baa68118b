"""Exports and receipts of the version before are there after an upgrade, under the new names."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from accounts.models import Person
from console.exports.models import ExportRequest, Receipt
from console.exports.selection import ExportSelection

EXPORT = "7f0a6f0e-6a0c-4f4e-9d1e-2f3a4b5c6d7e"


@pytest.mark.django_db(transaction=True)
def test_exports_of_the_version_before_keep_their_selection_and_receipt() -> None:
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes()
    person = Person.objects.create(email="alice@northwind.example", name="Alice")
    executor = MigrationExecutor(connection)
    executor.migrate([("exports", "0002_receipt_details")])
    before = executor.loader.project_state([("exports", "0002_receipt_details")]).apps
    about = {"person_id": person.pk, "space": "s", "name": "Q3", "choice": {"projects": ["p"], "batches": [401]}}
    before.get_model("exports", "Plan").objects.create(state="dropped", words="Taken off.", export_id=EXPORT, **about)
    before.get_model("exports", "Receipt").objects.create(
        export_id=EXPORT, space="s", choice_key="k", state="not", words="Too large.", without=3
    )

    MigrationExecutor(connection).migrate(newest)

    export_request, receipt = ExportRequest.objects.get(), Receipt.objects.get()
    assert (export_request.person, export_request.state, export_request.message) == (person, "dropped", "Taken off.")
    assert export_request.selection == ExportSelection(("p",), (401,))
    assert (receipt.selection_key, receipt.message, receipt.without_annotations) == ("k", "Too large.", 3)
    with pytest.raises(IntegrityError), transaction.atomic():
        ExportRequest.objects.create(id=uuid.uuid4(), person=person, space="s", name="Again", export_id=EXPORT)
