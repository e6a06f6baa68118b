from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "console.files"
    label = "files"

    def ready(self) -> None:
        from console.audit import registry
        from console.common import shell_registry
        from console.files import audit_actions, housekeeping, reconcile, selectors
        from console.jobs import handlers

        audit_actions.register()
        reconcile.register()
        registry.register_act(selectors.address_of_act)
        handlers.every_minute(reconcile.give_up_silent_ones)
        handlers.every_night(housekeeping.delete_old_uploads)
        handlers.every_night(housekeeping.delete_old_path_lists)
        shell_registry.add_link("work", 40, label="Files", icon="files", view="files:index")
