from django.urls import path

from console.jobs import views

app_name = "jobs"

urlpatterns = [
    path("", views.index, name="index"),
    path("<uuid:pk>/retry/", views.retry, name="retry"),
]
