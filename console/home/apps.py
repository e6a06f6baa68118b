from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "console.home"

    def ready(self) -> None:
        from console.audit import actions, registry
        from console.common import shell_registry

        registry.register_place("home", "Home")
        actions.register_pages(
            {
                "home:review": "list the items that wait for review",
                "home:unfinished": "list the slices that are not finished",
            }
        )
        shell_registry.add_link("work", 10, label="Home", icon="house", view="home:index")
