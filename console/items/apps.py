from django.apps import AppConfig


class ItemsConfig(AppConfig):
    name = "console.items"
    label = "items"

    def ready(self) -> None:
        from console.items import jobs, reconcile

        jobs.register()
        reconcile.register()
