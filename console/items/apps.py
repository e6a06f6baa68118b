from django.apps import AppConfig


class ItemsConfig(AppConfig):
    name = "console.items"
    label = "items"
