"""What runs in the background, for administrators."""

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from console.jobs import services
from console.jobs.models import Operation


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "jobs/index.html", services.overview())


@require_POST
def retry(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    operation = get_object_or_404(Operation, pk=pk)
    if services.retry(operation=operation):
        messages.success(request, "It will be tried again now.")
    else:
        messages.warning(request, "It has not failed any more, so there was nothing to try again.")
    return redirect("jobs:index")
