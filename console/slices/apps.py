from django.apps import AppConfig


class SlicesConfig(AppConfig):
    name = "console.slices"
    label = "slices"

    def ready(self) -> None:
        from console.slices import audit_actions, reconcile

        audit_actions.register()
        reconcile.register()
