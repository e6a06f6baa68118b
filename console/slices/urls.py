"""Addresses of slices. An owner called `new` has its slices out of reach here, as one called `dataset` has at Avala."""

from django.urls import include, path, register_converter

from console.common.converters import Segment
from console.slices.views import index
from console.slices.views import send as sending
from console.upstream.response_models import RESERVED_OWNERS, RESERVED_SLUGS


class Owner(Segment):
    reserved = RESERVED_OWNERS


class Slug(Segment):
    reserved = RESERVED_SLUGS


register_converter(Owner, "owner")
register_converter(Slug, "slice")

app_name = "slices"

urlpatterns = [
    path("", index.index, name="index"),
    path("names/", index.names, name="names"),
    path("building/", index.building, name="building"),
    path("watch/", index.watch, name="watch"),
    path("datasets/", index.datasets, name="datasets"),
    path("choose/", sending.choose, name="choose"),
    path("new/", include("console.slices.builder.urls")),
    path("<owner:owner>/<slice:slug>/", index.detail, name="detail"),
    path("<owner:owner>/<slice:slug>/status/", index.status, name="status"),
    path("<owner:owner>/<slice:slug>/projects/", sending.projects, name="projects"),
    path("<owner:owner>/<slice:slug>/batches/", sending.batches, name="batches"),
    path("<owner:owner>/<slice:slug>/items/", index.items, name="items"),
    path("<owner:owner>/<slice:slug>/items/<uuid:item_uid>/", index.item, name="item"),
    path("<owner:owner>/<slice:slug>/items/<uuid:item_uid>/tile/", index.renew, name="renew"),
]
