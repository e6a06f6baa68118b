from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "console.audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        from console.audit import audit_actions
        from console.common import shell_registry

        audit_actions.register()
        shell_registry.add_link("work", 60, label="Audit", icon="scroll-text", view="audit:index")
