from django.apps import AppConfig


class SlicesConfig(AppConfig):
    name = "console.slices"
    label = "slices"
