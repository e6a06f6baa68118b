from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.mfa import signals

        from accounts import audit_actions, audit_signals, key_usage, session_list, sessions

        audit_actions.register()
        audit_signals.connect()
        for changed in (signals.authenticator_added, signals.authenticator_removed, signals.authenticator_reset):
            changed.connect(sessions.end_other_sessions, dispatch_uid="end-other-sessions")
        session_list.connect()
        key_usage.register()
