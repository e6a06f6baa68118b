from django.urls import path

from console.jobs import views

app_name = "jobs"

urlpatterns = [
    path("", views.index, name="index"),
    path("mine/", views.mine, name="mine"),
    path("<uuid:pk>/stop/", views.stop, name="stop"),
    path("<uuid:pk>/carry-on/", views.carry_on, name="carry_on"),
    path("<uuid:pk>/retry/", views.retry, name="retry"),
]
