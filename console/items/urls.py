from django.urls import path

from console.items.views import bulk, bulk_plan, bulk_sheet, bulk_undo, decide, detail, index, review, selection

app_name = "items"

urlpatterns = [
    path("", index.index, name="index"),
    path("counts/", index.counts, name="counts"),
    path("pictures/", index.pictures, name="pictures"),
    path("columns/", index.columns, name="columns"),
    path("names/", detail.names, name="names"),
    path("selection/", selection.select, name="select"),
    path("bulk/", bulk_plan.create, name="bulk_create"),
    path("bulk/<uuid:bulk_id>/", bulk.bulk, name="bulk"),
    path("bulk/<uuid:bulk_id>/plan/", bulk_plan.plan, name="bulk_plan"),
    path("bulk/<uuid:bulk_id>/read-again/", bulk_plan.read_again, name="bulk_read_again"),
    path("bulk/<uuid:bulk_id>/send/", bulk_plan.send, name="bulk_send"),
    path("bulk/<uuid:bulk_id>/progress/", bulk.progress, name="bulk_progress"),
    path("bulk/<uuid:bulk_id>/stop/", bulk.stop, name="bulk_stop"),
    path("bulk/<uuid:bulk_id>/carry-on/", bulk.carry_on, name="bulk_carry_on"),
    path("bulk/<uuid:bulk_id>/retry/", bulk.retry, name="bulk_retry"),
    path("bulk/<uuid:bulk_id>/undo/", bulk_undo.undo, name="bulk_undo"),
    path("bulk/<uuid:bulk_id>/select/", bulk.select, name="bulk_select"),
    path("bulk/<uuid:bulk_id>/results.csv", bulk_sheet.results, name="bulk_results"),
    path("review/", review.start, name="review"),
    path("review/<uuid:run_id>/", review.run, name="review_run"),
    path("review/<uuid:run_id>/end/", review.end, name="review_end"),
    path("review/<uuid:run_id>/<uuid:item>/", review.step, name="review_step"),
    path("review/<uuid:run_id>/<uuid:item>/skip/", review.skip, name="review_skip"),
    path("decisions/<uuid:decision_id>/", decide.decision, name="decision"),
    path("decisions/<uuid:decision_id>/take-back/", decide.take_back, name="take_back"),
    path("<uuid:item>/", detail.detail, name="detail"),
    path("<uuid:item>/labels/", detail.labels, name="labels"),
    path("<uuid:item>/labels/download/", detail.download, name="download"),
    path("<uuid:item>/picture/", detail.renew, name="renew"),
    path("<uuid:item>/approve/", decide.approve, name="approve"),
    path("<uuid:item>/send-back/", decide.send_back, name="send_back"),
    path("<uuid:item>/signal/", decide.signal, name="signal"),
]
