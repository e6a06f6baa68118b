from django.apps import AppConfig


class BatchesConfig(AppConfig):
    name = "console.batches"
    label = "batches"

    def ready(self) -> None:
        from console.batches import project_page, reconcile

        reconcile.register()
        project_page.register()
