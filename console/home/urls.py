from django.urls import path

from console.home import views

app_name = "home"

urlpatterns = [
    path("", views.index, name="index"),
    path("home/slices/", views.slices, name="slices"),
    path("home/review/", views.review, name="review"),
    path("home/unfinished/", views.unfinished, name="unfinished"),
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
]
