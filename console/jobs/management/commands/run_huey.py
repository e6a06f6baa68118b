"""`manage.py run_huey`: the workers of both queues in one process, or of the one that is named."""

from typing import Any

from django.conf import settings
from django.core.management.base import CommandParser
from django.utils.module_loading import autodiscover_modules
from huey.consumer import Consumer
from huey.consumer_options import ConsumerConfig
from huey.contrib.djhuey.management.commands import run_huey

from console.jobs import process
from console.jobs.queues import HUEYS, Queue


class Command(run_huey.Command):  # type: ignore[misc]  # the library is not typed
    help = "Runs the workers that do background jobs, until it gets SIGTERM."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--queue", choices=[queue.value for queue in Queue], help="only this one; default: both")

    def handle(self, *args: Any, queue: str | None = None, **options: Any) -> None:
        given_options = {name: value for name, value in options.items() if value is not None}
        config = ConsumerConfig(**settings.HUEY["consumer"] | given_options)
        config.validate()
        autodiscover_modules("tasks")
        if queue:
            consumer = HUEYS[Queue(queue)].create_consumer(**config.values)
        else:
            bulk = HUEYS[Queue.BULK].create_consumer(**config.values)
            consumer = Both(HUEYS[Queue.QUICK], bulk, **config.values)
        # Its workers are asked to stop together.
        process.describe(workers=config.values["workers"], stop_flags=[consumer.stop_flag])
        # The library does so once its workers have started: stopped before, it would die during a job.
        consumer._set_signal_handlers()
        consumer.run()


class Both(Consumer):  # type: ignore[misc]
    """The quick queue's workers, with those of the bulk queue started, checked and stopped beside them."""

    def __init__(self, huey: Any, bulk: Consumer, **options: Any) -> None:
        super().__init__(huey, **options)
        self.bulk = bulk

    def start(self) -> None:
        # First, because both set handlers for signals, and the last one to do so gets them.
        self.bulk.start()
        super().start()

    def stop(self, graceful: bool = False) -> None:
        self.bulk.stop_flag.set()
        super().stop(graceful)
        self.bulk.stop(graceful)

    def check_worker_health(self) -> bool:
        is_well: bool = self.bulk.check_worker_health()
        return bool(super().check_worker_health()) and is_well
