from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "console.projects"
    label = "projects"

    def ready(self) -> None:
        from console.common import write_behind
        from console.projects import audit_actions, selectors, services

        audit_actions.register()
        write_behind.register(selectors.USE, services.write_use)
