from django.apps import AppConfig


class HomeConfig(AppConfig):
    name = "console.home"

    def ready(self) -> None:
        from console.audit import actions, registry

        registry.register_place("home", "Home")
        actions.register_pages(
            {
                "home:review": "list the items that wait for review",
                "home:unfinished": "list the slices that are not finished",
            }
        )
