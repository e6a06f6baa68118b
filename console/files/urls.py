from django.urls import path

from console.files.views import get, index, projects, upload

app_name = "files"

urlpatterns = [
    path("", index.index, name="index"),
    path("upload/", upload.upload, name="upload"),
    path("upload/<uuid:upload_id>/", upload.detail, name="upload_detail"),
    path("upload/<uuid:upload_id>/rows/", upload.rows, name="upload_rows"),
    path("upload/<uuid:upload_id>/add/", upload.add, name="upload_add"),
    path("upload/<uuid:upload_id>/links/", upload.links, name="upload_links"),
    path("upload/<uuid:upload_id>/report/", upload.report, name="upload_report"),
    path("upload/<uuid:upload_id>/check/", upload.check, name="upload_check"),
    path("upload/<uuid:upload_id>/projects/", projects.projects, name="projects"),
    path("get/", get.get, name="get"),
    path("get/<uuid:list_id>/", get.path_list, name="list"),
    path("get/<uuid:list_id>/sizes/", get.sizes, name="sizes"),
    path("get/<uuid:list_id>/files.zip", get.zip_all, name="zip"),
    path("get/<uuid:list_id>/<int:number>/", get.download, name="download"),
]
