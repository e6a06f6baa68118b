"""The builder's addresses, below `/slices/new/`. Every change has one of its own, so each works as a plain form."""

from django.urls import path

from console.slices.builder import arranging, filtering, picking, views

urlpatterns = [
    path("", views.create, name="create"),
    path("<uuid:draft_id>/", views.draft, name="draft"),
    path("<uuid:draft_id>/save/", views.draft_save, name="draft_save"),
    path("<uuid:draft_id>/discard/", views.draft_discard, name="draft_discard"),
    path("<uuid:draft_id>/again/", views.draft_again, name="draft_again"),
    path("<uuid:draft_id>/name/", views.draft_name, name="draft_name"),
    path("<uuid:draft_id>/organizations/", views.draft_organizations, name="draft_organizations"),
    path("<uuid:draft_id>/datasets/", views.draft_datasets, name="draft_datasets"),
    path("<uuid:draft_id>/parts/add/", arranging.part_add, name="part_add"),
    path("<uuid:draft_id>/parts/restore/", arranging.part_restore, name="part_restore"),
    path("<uuid:draft_id>/parts/<slug:part_id>/move/", arranging.part_move, name="part_move"),
    path("<uuid:draft_id>/parts/<slug:part_id>/kind/", arranging.part_kind, name="part_kind"),
    path("<uuid:draft_id>/parts/<slug:part_id>/remove/", arranging.part_remove, name="part_remove"),
    path("<uuid:draft_id>/parts/<slug:part_id>/items/", picking.part_items, name="part_items"),
    path("<uuid:draft_id>/parts/<slug:part_id>/filter/", filtering.part_filter, name="part_filter"),
]
