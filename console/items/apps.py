from django.apps import AppConfig


class ItemsConfig(AppConfig):
    name = "console.items"
    label = "items"

    def ready(self) -> None:
        from console.audit import registry
        from console.items import ground_truth, jobs, reconcile
        from console.items.bulk import selectors as bulk_selectors
        from console.items.imports import selectors as import_selectors

        registry.register_act(bulk_selectors.address_of)
        registry.register_act(import_selectors.address_of)
        jobs.register()
        reconcile.register()
        ground_truth.register()
