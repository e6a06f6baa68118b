from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.mfa import signals

        from accounts import audit_actions, audit_signals, key_usage, session_list, sessions
        from console.common import shell_registry

        audit_actions.register()
        audit_signals.connect()
        for changed in (signals.authenticator_added, signals.authenticator_removed, signals.authenticator_reset):
            changed.connect(sessions.end_other_sessions, dispatch_uid="end-other-sessions")
        session_list.connect()
        key_usage.register()
        shell_registry.add_link("settings", 10, label="Your keys", icon="key-round", view="accounts:keys")
        shell_registry.add_link("settings", 20, label="People", icon="users", view="accounts:people")
        shell_registry.add_link("personal", 10, label="Profile", icon="circle-user", view="accounts:profile")
        shell_registry.add_link("personal", 30, label="Password", icon="lock", view="account_change_password")
        shell_registry.add_link("personal", 40, label="Second step at sign-in", icon="shield-check", view="mfa_index")
        shell_registry.add_link(
            "personal", 50, label="Where you are signed in", icon="monitor", view="accounts:sessions"
        )
