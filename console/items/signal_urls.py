"""What is about the bulk signals of a person, whatever project they belong to."""

from django.urls import path

from console.items.views import runs

app_name = "signals"

urlpatterns = [path("news/", runs.news, name="news")]
