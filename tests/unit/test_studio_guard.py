"""The guard answers the studio's own pages, and turns everything else away with a reason."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the studio's extra is not installed")

from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from isoperf.errors import OptionError
from isoperf.studio.guard import PAGE_POLICY, REPORT_POLICY, SESSION_COOKIE, TOKEN_COOKIE, Guard, Patience
from isoperf.studio.settings import Settings
from tests.unit.studio_guarded import HOST, application, send, settings_in

FORM = "application/x-www-form-urlencoded"
PART = b'--line\r\nContent-Disposition: form-data; name="a"\r\n'
PATIENCE = Patience(idle=0.15, grace=0.4, rate=1e6)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path, max_upload=200_000)


@pytest.fixture
def client(settings: Settings) -> TestClient:
    return TestClient(application(settings), base_url=f"http://{HOST}")


def mark(client: TestClient) -> str:
    return str(client.get("/").json()["csrf"])


def multipart(name: str, content: bytes, boundary: bytes = b"line") -> tuple[bytes, dict[str, str]]:
    head = f'--line\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
    return head + content + b"\r\n--" + boundary + b"--\r\n", {"Content-Type": "multipart/form-data; boundary=line"}


# The name that the studio is called by.


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost", "LOCALHOST:1", "[::1]:8765", "[::1]"])
def test_known_names_are_answered(settings: Settings, host: str) -> None:
    assert send(application(settings), headers=[("host", host)]).status == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8765", "localhost.", "0.0.0.0", "[::2]"])
def test_a_name_pointed_here_by_another_site_is_refused(settings: Settings, host: str) -> None:
    answered = send(application(settings), headers=[("host", host)])
    assert answered.status == 421
    assert b"localhost" in answered.body


@pytest.mark.parametrize(
    "hosts",
    [
        [],
        ["localhost", "localhost"],
        [""],
        ["a b"],
        ["localhost:port"],
        ["::1"],
        ["user@localhost"],
        ["localhost:123456"],
    ],
)
def test_no_host_two_or_a_malformed_one_is_refused(settings: Settings, hosts: list[str]) -> None:
    assert send(application(settings), headers=[("host", host) for host in hosts]).status == 400


def test_further_names_are_the_settings_own(tmp_path: Path) -> None:
    app = application(settings_in(tmp_path, hosts=("Bench.example",)))
    assert send(app, headers=[("host", "bench.example:80")]).status == 200


# The token.


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.5", "::", "bench.example"])
def test_open_to_a_network_without_a_token_does_not_start(tmp_path: Path, host: str) -> None:
    with pytest.raises(OptionError, match="no token"):
        application(settings_in(tmp_path, host=host))


def test_the_token_in_the_address_becomes_a_cookie(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, host="0.0.0.0", token="right-token")
    client = TestClient(application(settings), base_url=f"http://{HOST}", follow_redirects=False)
    assert client.get("/").status_code == 401
    assert "?token=" in client.get("/").text
    first = client.get("/", params={"token": "right-token", "x": "1 2"})
    assert (first.status_code, first.headers["location"]) == (303, "/?x=1+2")
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower() and "Path=/" in cookie
    assert "right-token" not in cookie
    assert client.get("/").status_code == 200


def test_wrong_tokens_are_refused(tmp_path: Path) -> None:
    app = application(settings_in(tmp_path, token="right-token"))
    host = ("host", HOST)
    assert send(app, query="token=wrong").status == 401
    assert send(app, "POST", query="token=right-token").status == 401
    assert send(app, headers=[host, ("cookie", f"{TOKEN_COOKIE}=right-token")]).status == 401
    assert send(app, headers=[host, ("authorization", "Bearer wröng")]).status == 401
    assert send(app, headers=[host, ("authorization", "Basic right-token")]).status == 401
    assert send(app, headers=[host, ("authorization", "Bearer right-token")]).status == 200


@pytest.mark.parametrize("path", ["//evil.example/x", "/\\evil.example", "///evil.example", "/\t/evil.example"])
def test_the_token_leads_nowhere_else(tmp_path: Path, path: str) -> None:
    app = application(settings_in(tmp_path, token="right-token"))
    place = dict(send(app, path=path, query="token=right-token").headers)["location"]
    assert place.startswith("/") and not place.startswith("//")
    assert "\\" not in place and "\t" not in place


# The mark in forms.


def test_a_form_of_a_page_is_taken(client: TestClient) -> None:
    assert client.post("/ask", data={"csrf": mark(client), "a": "ä & b"}).json()["fields"]["a"] == "ä & b"
    assert client.post("/ask", data={"a": "1"}, headers={"X-CSRF-Token": mark(client)}).json() == {"fields": {"a": "1"}}
    file = {"file": ("runs.csv", b"loss\n1\n")}
    assert client.post("/upload", files=file, params={"csrf": mark(client)}).json()["n_bytes"] == 7
    cookie = client.get("/", headers={"Cookie": ""}).headers["set-cookie"]
    assert cookie.startswith(SESSION_COOKIE) and "HttpOnly" in cookie and "SameSite=Strict" in cookie


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_what_changes_things_needs_the_mark(client: TestClient, method: str) -> None:
    shown = mark(client)
    assert client.request(method, "/ask").status_code == 403
    assert client.request(method, "/ask", headers={"X-CSRF-Token": shown[:-1] + "x"}).status_code == 403
    assert client.request(method, "/ask", headers={"X-CSRF-Token": shown}).status_code in (200, 405)


def test_a_mark_is_good_for_its_own_session_and_server(client: TestClient, settings: Settings, tmp_path: Path) -> None:
    other = TestClient(client.app, base_url=f"http://{HOST}")
    mark(client)
    assert client.post("/ask", data={"csrf": mark(other)}).status_code == 403
    restarted = TestClient(application(settings_in(tmp_path)), base_url=f"http://{HOST}", cookies=client.cookies)
    stale = restarted.post("/ask", data={"csrf": mark(client)})
    assert stale.status_code == 403
    assert "restarted" in stale.text
    # Without the cookie there is no session that a mark could be of.
    assert send(client.app, "POST", "/ask", [("host", HOST), ("x-csrf-token", mark(client))]).status == 403


def test_only_a_file_may_show_the_mark_in_its_address(client: TestClient) -> None:
    assert client.post("/ask", data={"a": "1"}, params={"csrf": mark(client)}).status_code == 403
    assert client.post("/ask", json={"csrf": mark(client)}).status_code == 403


@pytest.mark.parametrize(
    "header",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "https://127.0.0.1:8765"},
        {"Origin": "http://[broken"},
        {"Referer": "http://evil.example/127.0.0.1:8765/"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_page_is_refused_even_with_the_mark(client: TestClient, header: dict[str, str]) -> None:
    assert client.post("/ask", data={"csrf": mark(client)}, headers=header).status_code == 403


def test_the_studios_own_page_is_answered(client: TestClient) -> None:
    own = {"Origin": f"http://{HOST}", "Referer": f"http://{HOST}/ask", "Sec-Fetch-Site": "same-origin"}
    assert client.post("/ask", data={"csrf": mark(client)}, headers=own).status_code == 200


# The body.


def test_too_long_by_its_header_is_refused_unread(settings: Settings) -> None:
    app = application(settings)
    for length, kind in (("300001", "multipart/form-data; boundary=line"), ("1000001", FORM), ("9" * 5000, FORM)):
        headers = [("host", HOST), ("content-length", length), ("content-type", kind)]
        answered = send(app, "POST", "/ask", headers, [b"x"] * 5)
        assert (answered.status, answered.n_sent) == (413, 0)
        assert ("Connection", "close") in [(name.title(), value) for name, value in answered.headers]
    for length in ("-1", "1e3", "+5", "", "²"):
        assert send(app, "POST", "/ask", [("host", HOST), ("content-length", length)]).status == 400


def test_too_long_in_parts_is_cut_off(client: TestClient, settings: Settings) -> None:
    headers = [
        ("host", HOST),
        ("x-csrf-token", mark(client)),
        ("cookie", f"{SESSION_COOKIE}={client.cookies[SESSION_COOKIE]}"),
    ]
    body, kind = multipart("runs.csv", b"x" * 10_000_000)
    parts = [body[place : place + 50_000] for place in range(0, len(body), 50_000)]
    answered = send(client.app, "POST", "/upload", [*headers, ("content-type", kind["Content-Type"])], parts)
    assert answered.status == 413
    assert answered.n_sent < 400_000
    assert not list(settings.folder.rglob("*.csv"))
    form = send(
        client.app, "POST", "/ask", [headers[0], headers[2], ("content-type", FORM)], [b"a=" + b"x" * 400_000] * 9
    )
    assert (form.status, form.n_sent < 1_300_000) == (413, True)


@pytest.mark.parametrize("kind", [FORM, "multipart/form-data; boundary=line"])
@pytest.mark.parametrize(("parts", "pause", "ends"), [([PART], 0.0, False), ([PART, *[b"x"] * 1000], 0.05, True)])
def test_a_slow_or_endless_body_is_cut_off(
    settings: Settings, kind: str, parts: list[bytes], pause: float, ends: bool
) -> None:
    app = application(settings, PATIENCE)
    first = TestClient(app, base_url=f"http://{HOST}")
    shown = mark(first)
    headers = [("host", HOST), ("cookie", f"{SESSION_COOKIE}={first.cookies[SESSION_COOKIE]}"), ("content-type", kind)]
    begun = time.monotonic()
    # A urlencoded form is read by the guard itself, another by the page.
    headers += [("x-csrf-token", shown)] if "multipart" in kind else []
    answered = send(app, "POST", "/ask", headers, parts, pause=pause, ends=ends)
    assert answered.status == 408
    assert b"Send it again" in answered.body
    assert time.monotonic() - begun < 2


def test_malformed_forms_are_refused(client: TestClient) -> None:
    headers = {"X-CSRF-Token": mark(client), "Content-Type": "multipart/form-data; boundary=line"}
    bodies = {
        "truncated header": PART,
        "no name": b"--line\r\nContent-Disposition: form-data\r\n\r\nx\r\n--line--\r\n",
        "endless header": PART + b"X-Long: " + b"x" * 100_000,
        "many headers": PART + b"".join(b"X-%d: 1\r\n" % k for k in range(500)) + b"\r\nx\r\n--line--\r\n",
        "many fields": (PART + b"\r\nx\r\n") * 2_000 + b"--line--\r\n",
        "not this boundary": b"--other\r\n\r\nx\r\n--other--\r\n",
    }
    found = {what: client.post("/ask", content=body, headers=headers) for what, body in bodies.items()}
    assert {what: answer.status_code for what, answer in found.items()} == dict.fromkeys(bodies, 400)
    assert (
        client.post("/ask", content=b"x", headers={**headers, "Content-Type": "multipart/form-data"}).status_code == 400
    )
    fields = "&".join(f"f{k}=1" for k in range(10_000))
    many = client.post("/ask", content=f"csrf={mark(client)}&{fields}", headers={"Content-Type": FORM})
    assert (many.status_code, "1000 fields" in many.text) == (400, True)


@pytest.mark.parametrize("n_lost", [1, 3, 5, 9, 12, 20, 50, 80, 100])
def test_a_form_that_was_cut_off_is_refused(client: TestClient, settings: Settings, n_lost: int) -> None:
    body, kind = multipart("runs.csv", b"loss\n1\n")
    headers = {**kind, "X-CSRF-Token": mark(client)}
    whole = body.removesuffix(b"\r\n")
    answered = client.post("/upload", content=whole[:-n_lost], headers=headers)
    assert (answered.status_code, "cut off" in answered.text) == (400, True)
    assert not list(settings.folder.rglob("*.csv"))
    assert client.post("/upload", content=whole, headers=headers).status_code == 200


# What goes out.


def test_every_response_has_the_headers(client: TestClient, settings: Settings) -> None:
    refused = [send(client.app, headers=[]), send(client.app, "POST", "/ask"), send(client.app, path="/nowhere")]
    assert [one.status for one in refused] == [400, 403, 404]
    pages = [client.get(path).headers for path in ("/", "/loose", "/download", "/static/style.css", "/fail")]
    for headers in [*pages, *({name.lower(): value for name, value in one.headers} for one in refused)]:
        assert headers["content-security-policy"] == PAGE_POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert "unsafe" not in PAGE_POLICY and "default-src 'none'" in PAGE_POLICY
    assert [headers["cache-control"] for headers in pages] == ["no-store"] * 3 + ["no-cache", "no-store"]


def test_a_report_is_shown_in_a_sandbox(client: TestClient) -> None:
    policy = client.get("/report").headers["content-security-policy"]
    assert policy == REPORT_POLICY
    assert policy.startswith("sandbox ") and "allow-same-origin" not in policy and "connect-src" not in policy


@pytest.mark.parametrize("inside", [True, False])
def test_a_failure_has_a_number_and_no_traceback(
    settings: Settings, inside: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    answered = TestClient(application(settings, inside=inside), base_url=f"http://{HOST}").get("/fail")
    assert answered.status_code == 500
    assert "secret reason" not in answered.text and "Traceback" not in answered.text
    said = capsys.readouterr().err
    number = said.split("failure ")[1].split()[0]
    assert number in answered.text
    assert "RuntimeError: the secret reason" in said


def test_a_failure_in_the_middle_of_an_answer_is_told_in_the_terminal(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    answered = send(application(settings), path="/half")
    assert (answered.status, answered.body) == (200, b"begun")
    assert "in the middle" in capsys.readouterr().err


def test_programs_are_refused_in_json(settings: Settings) -> None:
    answered = send(application(settings), "POST", "/ask", [("host", HOST), ("accept", "application/json")])
    assert set(json.loads(answered.body)) == {"title", "problem"}
    assert json.loads(send(application(settings), query="format=json", headers=[("host", "x")]).body)["problem"]


def test_a_reason_is_escaped(settings: Settings) -> None:
    answered = send(application(settings), headers=[("host", "<script>")])
    assert b"<script>" not in answered.body and b"&lt;script&gt;" in answered.body


def test_web_sockets_are_refused(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect) as refused, client.websocket_connect("/"):
        pass
    assert refused.value.code == 1008


def test_start_and_end_pass_the_guard(settings: Settings) -> None:
    seen = []

    async def app(scope, receive, send) -> None:
        seen.append(scope["type"])
        while True:
            kind = (await receive())["type"]
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return

    with TestClient(Guard(app, settings)):
        pass
    assert seen == ["lifespan"]
