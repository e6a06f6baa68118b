from django.apps import AppConfig


class BatchesConfig(AppConfig):
    name = "console.batches"
    label = "batches"

    def ready(self) -> None:
        from console.batches import audit_actions, project_page, reconcile
        from console.common import shell_registry

        audit_actions.register()
        reconcile.register()
        project_page.register()
        shell_registry.put_under("projects", "batches")
