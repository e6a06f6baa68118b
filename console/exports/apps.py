from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "console.exports"
    label = "exports"

    def ready(self) -> None:
        from console.exports import audit_actions, audit_hooks, jobs, monitor, project_page, receipts, reconcile

        audit_actions.register()
        jobs.register()
        receipts.register()
        audit_hooks.register()
        reconcile.register()
        monitor.register()
        project_page.register()
