from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "console.projects"
    label = "projects"

    def ready(self) -> None:
        from console.common import shell_registry, write_behind
        from console.projects import audit_actions, selectors, services

        audit_actions.register()
        write_behind.register(selectors.USE, services.write_use)
        shell_registry.add_link("work", 30, label="Projects", icon="folder-kanban", view="projects:index")
