"""Static files under hashed names, kept by browsers for ever; so are the scripts that scripts load."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStorage(CompressedManifestStaticFilesStorage):
    support_js_module_import_aggregation = True
