"""The builder's addresses, below `/slices/new/`. Every change has one of its own, so each works as a plain form."""

from django.urls import path

from console.slices.builder.views import draft, filters, items, parts

urlpatterns = [
    path("", draft.create, name="create"),
    path("<uuid:draft_id>/", draft.draft, name="draft"),
    path("<uuid:draft_id>/save/", draft.draft_save, name="draft_save"),
    path("<uuid:draft_id>/discard/", draft.draft_discard, name="draft_discard"),
    path("<uuid:draft_id>/again/", draft.draft_again, name="draft_again"),
    path("<uuid:draft_id>/name/", draft.draft_name, name="draft_name"),
    path("<uuid:draft_id>/organizations/", draft.draft_organizations, name="draft_organizations"),
    path("<uuid:draft_id>/datasets/", draft.draft_datasets, name="draft_datasets"),
    path("<uuid:draft_id>/parts/add/", parts.part_add, name="part_add"),
    path("<uuid:draft_id>/parts/restore/", parts.part_restore, name="part_restore"),
    path("<uuid:draft_id>/parts/<slug:part_id>/move/", parts.part_move, name="part_move"),
    path("<uuid:draft_id>/parts/<slug:part_id>/kind/", parts.part_kind, name="part_kind"),
    path("<uuid:draft_id>/parts/<slug:part_id>/remove/", parts.part_remove, name="part_remove"),
    path("<uuid:draft_id>/parts/<slug:part_id>/items/", items.part_items, name="part_items"),
    path("<uuid:draft_id>/parts/<slug:part_id>/filter/", filters.part_filter, name="part_filter"),
]
