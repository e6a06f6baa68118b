from typing import Any

from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "console.jobs"
    label = "jobs"

    def ready(self) -> None:
        from accounts.account_signals import person_disabled
        from console.audit import actions, registry
        from console.common import shell_registry
        from console.jobs import chain_check, mail, reconciliation
        from console.jobs import tasks as tasks  # the workers find them, and services wake them

        registry.register_place("jobs", "Jobs")
        actions.register_pages(
            {"jobs:index": "open the list of background jobs", "jobs:retry": "retry a background job"}
        )
        reconciliation.register()
        chain_check.register()
        mail.register()
        person_disabled.connect(_drop_work, dispatch_uid="jobs.drop_work")
        shell_registry.add_link("settings", 30, label="Jobs", icon="list-checks", view="jobs:index")
        shell_registry.add_link("personal", 20, label="Your jobs", icon="list-checks", view="jobs:mine")


def _drop_work(person: Any, **more: Any) -> None:
    from console.jobs import services

    services.drop_of(person)
