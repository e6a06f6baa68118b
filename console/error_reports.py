"""Django's error reports and DEBUG pages without secrets."""

from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from console.common import redaction


class ReporterFilter(SafeExceptionReporterFilter):
    """Error reports and DEBUG pages: values are masked by what they are, not only by what their name suggests."""

    def cleanse_setting(self, key: Any, value: Any) -> Any:
        return _hide_value(super().cleanse_setting(key, value))

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        return {name: redaction.hide(str(value)) for name, value in super().get_post_parameters(request).items()}

    def get_traceback_frame_variables(self, request: HttpRequest | None, tb_frame: Any) -> Any:
        variables = super().get_traceback_frame_variables(request, tb_frame)
        return [(name, _hide_value(value)) for name, value in variables]


class Reporter(ExceptionReporter):
    """The filter above does not see the message of the exception, so the finished report is masked as well."""

    def get_traceback_html(self) -> SafeString:
        return SafeString(redaction.mask(super().get_traceback_html()))

    def get_traceback_text(self) -> SafeString:
        return SafeString(redaction.mask(super().get_traceback_text()))


def _hide_value(value: Any) -> Any:
    text = value if isinstance(value, str) else repr(value)
    hidden = redaction.hide(text)
    return value if hidden == text else hidden
