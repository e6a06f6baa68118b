"""Addresses of slices. An owner called `new` has its slices out of reach here, as one called `dataset` has at Avala."""

from django.urls import include, path

from console.slices import views

app_name = "slices"

urlpatterns = [
    path("", views.index, name="index"),
    path("names/", views.names, name="names"),
    path("building/", views.building, name="building"),
    path("watch/", views.watch, name="watch"),
    path("datasets/", views.datasets, name="datasets"),
    path("new/", include("console.slices.builder.urls")),
    path("<str:owner>/<str:slug>/", views.detail, name="detail"),
    path("<str:owner>/<str:slug>/status/", views.status, name="status"),
    path("<str:owner>/<str:slug>/items/", views.items, name="items"),
    path("<str:owner>/<str:slug>/items/<uuid:item_uid>/", views.item, name="item"),
    path("<str:owner>/<str:slug>/items/<uuid:item_uid>/tile/", views.renew, name="renew"),
]
