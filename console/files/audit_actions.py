"""How the audit words and groups what is done to files."""

from console.audit import actions, download_states, phrases, registry
from console.audit.actions import Action
from console.audit.phrases import Detail


def _failed(detail: Detail) -> str:
    """The same of files, which nobody refuses: their uploads fail."""
    return phrases.brackets(phrases.other_figures(detail, "failed")) + phrases.reason(detail)


ACTIONS: dict[str, Action] = {
    "file.upload": Action(
        "files",
        "uploaded the file {thing}",
        "upload the file {thing}",
        phrases.size,
        whether="the file {thing} was uploaded",
        of_many={
            "": Action(
                "files",
                "uploaded {many} to {thing}",
                "upload {many} to {thing}",
                _failed,
                whether="{many} {were} uploaded to {thing}",
                noun="file",
            )
        },
        is_long_running=True,
    ),
    "file.download": Action(
        "files",
        "downloaded the file {thing}",
        "download the file {thing}",
        download_states.brackets,
        begins=download_states.verb,
        of_many={"": Action("files", "downloaded {many} as a zip", "download {many} as a zip", _failed, noun="file")},
        section="Downloads",
        is_long_running=True,
        is_egress=True,
    ),
}

PAGES = {
    "files:projects": "create many work items",
    "files:upload": "upload files",
    "files:upload_detail": "upload files",
    "files:upload_rows": "upload files",
    "files:upload_add": "upload files",
    "files:upload_links": "upload files",
    "files:upload_report": "upload files",
    "files:upload_check": "upload files",
    "files:get": "get files by their paths",
    "files:list": "get files by their paths",
    "files:sizes": "get files by their paths",
    "files:download": "download files",
    "files:zip": "download files",
}


def register() -> None:
    actions.register_group("files", "Files and downloads", position=60, section="Files")
    actions.register(ACTIONS)
    actions.register_pages(PAGES)
    registry.register_place("files", "Files")
