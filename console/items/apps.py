from functools import partial

from django.apps import AppConfig


class ItemsConfig(AppConfig):
    name = "console.items"
    label = "items"

    def ready(self) -> None:
        from console.audit import registry
        from console.common import shell_registry
        from console.items import audit_actions, jobs, reconcile
        from console.items.ground_truth import services as ground_truth
        from console.items.imports import batch_page
        from console.items.models import BulkSignal, Import
        from console.items.runs import notifications
        from console.items.runs.selectors import address_of

        audit_actions.register()
        batch_page.register()
        registry.register_act(partial(address_of, BulkSignal))
        registry.register_act(partial(address_of, Import))
        jobs.register()
        reconcile.register()
        ground_truth.register()
        shell_registry.put_under("projects", "items")
        shell_registry.put_under("projects", "signals")
        shell_registry.add_news("items/runs/_await_news.html", notifications.awaited_by, look=1)
