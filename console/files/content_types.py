"""The Content-Type of a file by its name. Own table: Python's differs from machine to machine, browsers' too."""

OTHER = "application/octet-stream"
BY_ENDING = {
    "avif": "image/avif",
    "bmp": "image/bmp",
    "gif": "image/gif",
    "heic": "image/heic",
    "heif": "image/heif",
    "jpe": "image/jpeg",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "webp": "image/webp",
    "avi": "video/x-msvideo",
    "m4v": "video/mp4",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp4": "video/mp4",
    "mpeg": "video/mpeg",
    "mpg": "video/mpeg",
    "webm": "video/webm",
    "csv": "text/csv",
    "json": "application/json",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "xml": "application/xml",
    "zip": "application/zip",
}


def content_type_of(name: str) -> str:
    _, dot, ending = name.rpartition(".")
    return BY_ENDING.get(ending.lower(), OTHER) if dot else OTHER
