from django.urls import path

from console.projects import views

app_name = "projects"

urlpatterns = [
    path("", views.index, name="index"),
    path("<uuid:project>/", views.detail, name="detail"),
    path("<uuid:project>/figures/", views.figures, name="figures"),
    path("<uuid:project>/pin/", views.pin, name="pin"),
]
