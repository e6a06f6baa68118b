"""The proxy passes on what it should, and nothing else; its log knows what the vendor did."""

import http.client
from urllib.parse import urlsplit

from console.emulator.server import Running
from tests.conftest import SPACE
from tests.faults.driver import Stage
from tests.faults.table import FAULTS

EXPORTS = f"/api/v1/spaces/{SPACE}/exports"


def _ask(address: str, method: str, path: str, body: bytes = b"") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=5)
    headers = {"X-API-Key": "cf_demo_ops", "Content-Type": "application/json"}
    try:
        connection.request(method, path, body or None, headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_without_a_rule_the_vendor_answers(stage: Stage, emulator: Running) -> None:
    through = _ask(stage.proxy.cloudfactory_url, "GET", EXPORTS)
    status, body = _ask(emulator.cloudfactory_url, "GET", EXPORTS)
    assert (status, len(body)) == (through[0], len(through[1]))
    assert stage.proxy.received[-1].performed


def test_a_refused_request_never_reaches_the_vendor(stage: Stage, emulator: Running) -> None:
    emulator.forget_requests()
    stage.proxy.apply("cloudfactory", "POST", "/exports$", FAULTS["503, not performed"], times=1)
    assert _ask(stage.proxy.cloudfactory_url, "POST", EXPORTS, b"{}")[0] == 503
    assert emulator.requests("cloudfactory") == []
    assert not stage.proxy.received[-1].performed


def test_a_performed_request_may_answer_500_all_the_same(stage: Stage, emulator: Running) -> None:
    emulator.forget_requests()
    stage.proxy.apply("cloudfactory", "GET", "/exports$", FAULTS["500, performed"], times=1)
    assert _ask(stage.proxy.cloudfactory_url, "GET", EXPORTS)[0] == 500
    assert len(emulator.requests("cloudfactory")) == 1
    assert stage.proxy.received[-1].performed


def test_a_rule_holds_for_its_times_and_its_path_only(stage: Stage) -> None:
    stage.proxy.apply("cloudfactory", "GET", "/exports$", FAULTS["refused 429"], times=1)
    asked = [EXPORTS.replace("exports", "projects"), EXPORTS, EXPORTS]
    assert [_ask(stage.proxy.cloudfactory_url, "GET", path)[0] for path in asked] == [200, 429, 200]
