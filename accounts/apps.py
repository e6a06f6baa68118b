from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.mfa import signals

        from accounts import recording, session_lines, sessions, watching

        recording.connect()
        for changed in (signals.authenticator_added, signals.authenticator_removed, signals.authenticator_reset):
            changed.connect(sessions.end_other_sessions, dispatch_uid="end-other-sessions")
        session_lines.connect()
        watching.register()
