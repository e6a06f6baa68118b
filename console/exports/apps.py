from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "console.exports"
    label = "exports"

    def ready(self) -> None:
        from console.common import shell_registry
        from console.exports import (
            audit_actions,
            audit_hooks,
            jobs,
            monitor,
            notifications,
            project_page,
            receipts,
            reconcile,
        )

        audit_actions.register()
        jobs.register()
        receipts.register()
        audit_hooks.register()
        reconcile.register()
        monitor.register()
        project_page.register()
        shell_registry.add_link("work", 50, label="Exports", icon="package-check", view="exports:index")
        shell_registry.add_news(
            "exports/_await_notifications.html", lambda person: [notifications.list_awaited(person)]
        )
