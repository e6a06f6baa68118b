from django.apps import AppConfig


class ExportsConfig(AppConfig):
    name = "console.exports"
    label = "exports"

    def ready(self) -> None:
        from console.exports import queue, receipts, sequel, settlers, watching

        queue.register()
        receipts.register()
        sequel.register()
        settlers.register()
        watching.register()
