from django.apps import AppConfig


class SlicesConfig(AppConfig):
    name = "console.slices"
    label = "slices"

    def ready(self) -> None:
        from console.common import shell_registry
        from console.slices import audit_actions, reconcile

        audit_actions.register()
        reconcile.register()
        shell_registry.add_link("work", 20, label="Slices", icon="layers", view="slices:index")
