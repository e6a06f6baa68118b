from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "console.audit"
    verbose_name = "Audit"

    def ready(self) -> None:
        from console.audit import audit_actions

        audit_actions.register()
