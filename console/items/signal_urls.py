"""Pages about the bulk signals of a person, in all projects."""

from django.urls import path

from console.items.views import runs

app_name = "signals"

urlpatterns = [path("news/", runs.news, name="news")]
