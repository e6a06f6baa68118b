from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "console.files"
    label = "files"

    def ready(self) -> None:
        from console.audit import registry
        from console.files import housekeeping, reconcile, selectors
        from console.jobs import services as jobs

        reconcile.register()
        registry.register_act(selectors.address_of_act)
        jobs.every_minute(reconcile.give_up_silent_ones)
        jobs.every_night(housekeeping.delete_old_uploads)
        jobs.every_night(housekeeping.delete_old_path_lists)
