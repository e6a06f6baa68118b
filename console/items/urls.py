from django.urls import path

from console.items.views import decide, detail, index, review

app_name = "items"

urlpatterns = [
    path("", index.index, name="index"),
    path("counts/", index.counts, name="counts"),
    path("pictures/", index.pictures, name="pictures"),
    path("columns/", index.columns, name="columns"),
    path("names/", detail.names, name="names"),
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
