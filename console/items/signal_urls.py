"""What is about the bulk signals of a person, whatever project they belong to."""

from django.urls import path

from console.items.views import bulk

app_name = "signals"

urlpatterns = [path("news/", bulk.news, name="news")]
