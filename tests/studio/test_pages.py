"""The whole application over HTTP: every page's twin, words that are escaped, and what is refused."""

from __future__ import annotations

import gzip
import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the studio's extra is not installed")
from starlette.testclient import TestClient

import isoperf.studio.page
from isoperf.studio.app import create
from isoperf.studio.policy import PAGE_POLICY
from isoperf.studio.settings import Settings
from tests.studio.shown import JOURNAL
from tests.unit.studio_guarded import send

HOST = "127.0.0.1:8765"
WORD = "\"'><img src=x onerror=hit()><script>hit()</script>{{ 7*7 }}"
ONLY_FOR_PEOPLE, ONLY_FOR_PROGRAMS = {"glossary"}, {"result"}
LIMIT = 2_000_000


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("project")
    (folder / "shown.journal").write_bytes(JOURNAL.read_bytes())
    return Settings(folder / ".isoperf", max_upload=LIMIT, max_cells=1_000_000)


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[TestClient]:
    from isoperf.store import Store

    Store(settings.store).create()
    with TestClient(create(settings), base_url=f"http://{HOST}", follow_redirects=False) as client:
        yield client


def mark(client: TestClient) -> dict[str, str]:
    """Return the header that shows that a page of the studio was seen."""
    page = client.get("/questions").text
    return {"X-CSRF-Token": page.partition('"X-CSRF-Token": "')[2].partition('"')[0]}


def upload(client: TestClient, name: str, content: bytes) -> Any:
    return client.post("/tables", files={"file": (name, content)}, headers=mark(client))


def asked(client: TestClient, question: str, **said: str) -> str:
    """Ask, wait, and return the address of the answer."""
    place = client.post(f"/ask/{question}", data=said, headers=mark(client)).headers["location"]
    end = time.monotonic() + 90
    while (client.get(f"{place}/progress?format=json").json())["state"] in ("waiting", "running"):
        assert time.monotonic() < end
        time.sleep(0.1)
    return str(place)


@pytest.fixture(scope="module")
def addresses(client: TestClient) -> dict[str, str]:
    """Make one page of every kind, with hostile words wherever a user may put them."""
    cell = WORD.replace('"', '""')
    rows = "".join(f'{3 - k / 10},1e{18 + k},"{cell}{k % 2}"\n' for k in range(8))
    table = upload(client, f"{WORD}.csv", f'loss,flops,"{cell}"\n{rows}'.encode()).headers["location"]
    name = table.rpartition("/")[2]
    done = asked(client, "fit", data=f"store:{name}", law="power_law", x="flops", n_bootstrap="20")
    failed = asked(client, "fit", data=f"store:{name}", law="power_law", x=WORD)
    assert client.get(f"{done}?format=json").json()["state"] == "done"
    kept = client.post(f"{done}/keep", data={"name": "kept-fit"}, headers=mark(client)).headers["location"]
    return {
        "home": "/",
        "table": table,
        "drawing": f"{table}/plot?x=flops&y=loss",
        "bundled table": "/tables/data/stdlib_lm",
        "questions": "/questions",
        "question": f"/ask/forecast?data=store:{name}",
        "answers": "/answers",
        "answer": done,
        "failed answer": failed,
        "progress": f"{done}/progress",
        "kept": kept,
        "studies": "/studies",
        "study": "/studies/shown.journal",
        "trials": "/studies/shown.journal/trials",
        "unknown": "/nowhere",
        "unknown table": "/tables/store/none",
        "unknown answer": "/answers/none",
        "unknown question": "/ask/none",
        "unknown study": "/studies/none.journal",
    }


# Twins.


def test_every_twin_holds_what_its_page_was_made_of(
    client: TestClient, addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[dict[str, Any]] = []
    rendered = isoperf.studio.page._rendered

    def noting(request: Any, template: str, data: Any) -> str:
        taken.append(dict(data))
        return rendered(request, template, data)

    monkeypatch.setattr(isoperf.studio.page, "_rendered", noting)
    for name, address in addresses.items():
        taken.clear()
        page = client.get(address)
        assert page.headers["content-type"].startswith("text/html"), name
        (data,) = taken
        plain = {key: value for key, value in data.items() if not key.startswith("_")}
        for how in (
            client.get(address, params={"format": "json"} if "?" not in address else None, headers=_json(address)),
            client.get(address, headers={"Accept": "application/json"}),
        ):
            assert how.status_code == page.status_code, name
            hidden = ONLY_FOR_PEOPLE | ONLY_FOR_PROGRAMS
            assert _without(how.json(), hidden) == _without(json.loads(json.dumps(plain)), hidden), name


def test_the_twin_of_an_answer_holds_the_result(client: TestClient, addresses: dict[str, str]) -> None:
    result = client.get(addresses["answer"], params={"format": "json"}).json()["result"]
    assert result["law"] == "power_law"
    assert result["n"] == 8 if "n" in result else result


def test_an_answer_outlives_its_table(client: TestClient) -> None:
    rows = "".join(f"{3 - k / 10},1e{18 + k}\n" for k in range(8))
    table = upload(client, "gone.csv", f"loss,flops\n{rows}".encode()).headers["location"]
    said = {"data": "store:gone", "law": "power_law", "x": "flops", "n_bootstrap": "20"}
    place = asked(client, "fit", **said)
    assert client.post(f"{table}/remove", headers=mark(client)).headers["location"] == "/"
    shown = client.get(place)
    assert shown.status_code == 200 and "store:gone" in shown.text
    assert client.get(f"{place}/share").status_code == 200
    assert client.get(client.get(place, params={"format": "json"}).json()["ask_again"]).status_code == 200
    again = client.post("/ask/fit", data=said, headers=mark(client))
    assert again.status_code == 422 and "gone" in again.text


def test_no_page_lets_a_word_out(client: TestClient, addresses: dict[str, str]) -> None:
    for name, address in addresses.items():
        for given in ({}, {"x": WORD, WORD: WORD, "data": WORD, "law": WORD, "where": WORD}):
            answered = client.get(address, params=given) if given else client.get(address)
            assert "<script>hit" not in answered.text and "<img src=x" not in answered.text, name
            assert answered.headers["content-security-policy"] == PAGE_POLICY, name
            assert answered.headers["x-content-type-options"] == "nosniff", name
    assert "&lt;img src=x" in client.get(addresses["table"]).text
    assert "&lt;img src=x" in client.get(addresses["failed answer"]).text


def test_what_is_posted_wrongly_is_escaped(client: TestClient, addresses: dict[str, str]) -> None:
    table = addresses["table"]
    for address, said in (
        ("/ask/forecast", {"data": "stdlib_lm", "law": WORD, "n_params": WORD, "where": WORD}),
        ("/ask/forecast", {"data": WORD}),
        ("/ask/forecast/spoken", {"data": WORD, "n_params": WORD}),
        (f"{table}/columns", {"where": WORD, "role.loss": WORD, "unit.loss": WORD}),
        (f"{addresses['answer']}/keep", {"name": WORD}),
        (f"{addresses['answer']}/live", {WORD: WORD}),
    ):
        answered = client.post(address, data=said, headers=mark(client))
        assert answered.status_code in (200, 422), address
        assert "<script>hit" not in answered.text and "<img src=x" not in answered.text, address
        assert answered.headers["content-security-policy"] == PAGE_POLICY


# What is refused.

POSTS = (
    "/tables",
    "/tables/store/none/columns",
    "/tables/store/none/remove",
    "/ask/fit",
    "/ask/fit/spoken",
    "/answers/none/cancel",
    "/answers/none/remove",
    "/answers/none/keep",
    "/answers/none/live",
)


def test_every_change_needs_a_mark_and_an_own_page(client: TestClient) -> None:
    guard: Any = client.app
    routes = [route for route in guard.app.routes if "POST" in (getattr(route, "methods", None) or ())]
    assert len(routes) == len(POSTS)  # a new one belongs in the list
    for path in POSTS:
        assert client.get(path).status_code in (404, 405, 422) or path == "/ask/fit", path
        assert client.post(path, data={"a": "1"}).status_code == 403, path
        other = {**mark(client), "Origin": "http://evil.example"}
        assert client.post(path, data={"a": "1"}, headers=other).status_code == 403, path
        assert client.post(path, data={"a": "1"}, headers={"Host": "evil.example"}).status_code == 421, path


def test_another_name_of_the_host_is_refused(client: TestClient) -> None:
    for name in ("evil.example", "127.0.0.1.evil.example", "0.0.0.0", "localhost.evil.example:8765"):
        assert client.get("/", headers={"Host": name}).status_code == 421
    assert client.get("/", headers={"Host": "localhost:8765"}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../settings.py",
        "/static/%2e%2e/settings.py",
        "/static//etc/passwd",
        "/static/..\\settings.py",
        "/static/report/../plotly.py",
        "/static/report/report.py",
        "/tables/store/../../../etc/passwd",
        "/tables/store/..%2f..%2fetc%2fpasswd",
        "/tables/data/..",
        "/tables/file/runs.csv",
        "/answers/..",
        "/answers/../share",
        "/answers/../uploads/share",
        "/kept/..%2f..%2fsecret/page",
        "/kept/../page",
        "/studies/..%2f.isoperf%2fstudio",
        "/studies/..",
        "/studies/.isoperf",
        "/studies//etc/passwd",
    ],
)
def test_no_path_leads_out(client: TestClient, path: str) -> None:
    from urllib.parse import unquote

    for one in {path, unquote(path)}:
        answered = send(client.app, path=one)
        assert answered.status in (404, 405, 422), (one, answered.status)
        assert b"root:" not in answered.body and b"import" not in answered.body


def test_a_link_out_of_the_folder_is_no_study(client: TestClient, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "other.journal").write_bytes(JOURNAL.read_bytes())
    link = settings.store.parent / "link.journal"
    link.symlink_to(tmp_path / "other.journal")
    assert client.get("/studies/link.journal").status_code == 422
    link.unlink()


@pytest.mark.parametrize(
    "name", ["../../../out.csv", "/etc/out.csv", "..\\..\\out.csv", "C:\\out.csv", "....//out.csv"]
)
def test_a_files_name_leads_nowhere(client: TestClient, settings: Settings, name: str) -> None:
    before = set(settings.store.parent.parent.rglob("*out*"))
    answered = upload(client, name, b"loss,flops\n1,2\n")
    assert answered.status_code == 303
    made = set(settings.store.parent.parent.rglob("*out*")) - before
    assert made and all(one.is_relative_to(settings.store) for one in made)


def test_files_that_are_too_long_or_would_swell_are_refused(client: TestClient, settings: Settings) -> None:
    zeros = b"0" * 50_000_000
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", zeros)
        archive.writestr("[Content_Types].xml", "<Types/>")
    for name, content, status in (
        ("long.csv", b"a,b\n" + b"1,2\n" * 600_000, 413),
        ("bomb.csv.gz", gzip.compress(zeros), 422),
        ("bomb.xlsx", book.getvalue(), 422),
        ("bomb.parquet", _parquet(), 422),
        ("code.pkl", b"\x80\x04.", 422),
        ("code.csv", b"\x80\x04\x95" + b"x" * 50, 422),
    ):
        answered = upload(client, name, content)
        assert answered.status_code == status, (name, answered.status_code)
        assert 'role="alert"' in answered.text or status == 413
    incoming = settings.folder / "incoming"
    assert not list(incoming.iterdir())


def test_broken_forms_are_refused(client: TestClient) -> None:
    headers = {**mark(client), "Content-Type": "multipart/form-data; boundary=line"}
    for body in (b"--line\r\n", b"--line\r\nContent-Disposition: form-data; name=file\r\n\r\nx", b"\0" * 100, b""):
        assert client.post("/tables", content=body, headers=headers).status_code == 400
    many = {f"f{k}": (f"{k}.csv", b"a\n1\n") for k in range(30)}
    assert client.post("/tables", files=many, headers=mark(client)).status_code in (400, 422)


@pytest.mark.parametrize(
    "said",
    [
        {"data": "/etc/passwd"},
        {"data": "../secret.csv"},
        {"data": "stdlib_lm", "law": "evil.py:Law"},
        {"data": "stdlib_lm", "law": "/etc/evil.py:Law"},
        {"data": "http://evil.example/x.csv"},
        {"data": "store:../../x"},
    ],
)
def test_no_question_reads_a_file_or_runs_one(client: TestClient, said: dict[str, str]) -> None:
    answered = client.post("/ask/fit", data=said, headers=mark(client))
    if answered.status_code == 303:
        place = asked(client, "fit", **said)
        shown = client.get(place, params={"format": "json"}).json()
        assert shown["state"] == "failed" and shown["message"]
    else:
        assert answered.status_code == 422


def test_a_page_neither_offers_nor_hears_what_runs_commands(client: TestClient, settings: Settings) -> None:
    fields = client.get("/ask/tune", params={"format": "json"}).json()["fields"]
    local = {"command", "shell", "study"}
    assert not local & {one["name"] for one in fields}
    said = {"data": "planted_trials", "param": "threads", "minimise": "seconds", "budget": "2"}
    place = asked(client, "tune", **said, command="touch run-by-a-page", shell="on", study="by-a-page.journal")
    assert client.get(place, params={"format": "json"}).json()["state"] == "done"
    assert not [*settings.store.parent.rglob("*by-a-page*")]


def _json(address: str) -> dict[str, str]:
    return {"Accept": "application/json"} if "?" in address else {}


def _without(values: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def _parquet() -> bytes:
    """Return a small file of ten million equal cells."""
    import polars as pl

    written = io.BytesIO()
    pl.DataFrame({"a": [0] * 10_000_000}).write_parquet(written, compression="zstd")
    return written.getvalue()
