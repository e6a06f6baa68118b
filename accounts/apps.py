from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import recording, session_lines, watching

        recording.connect()
        session_lines.connect()
        watching.register()
