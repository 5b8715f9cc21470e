"""The studio under load: 200 people load the same page at once, again and again, on this machine alone.

``python -m benchmarks.studio`` starts a studio with an empty store, puts a table into it, asks one question, and
prints how long each page took. The tool is ``wrk``; where it is absent, threads of Python stand in for it, which
take a good part of the machine themselves.
"""

from __future__ import annotations

import argparse
import http.client
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.markdown import table

COMMAND = (sys.executable, "-c", "from isoperf.cli import main; main()")
PUT = "import isoperf, sys; isoperf.Store(sys.argv[1]).add('runs', isoperf.datasets.load('stdlib_lm'))"
REPORT = """
done = function(summary, latency, requests)
  local errors = summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("found %f %f %f %d %d\\n", latency:percentile(50) / 1e6, latency:percentile(95) / 1e6,
    latency:percentile(99) / 1e6, summary.requests, lost))
end
"""


@dataclass(frozen=True)
class Load:
    """What a page took: seconds at three quantiles, requests answered and lost, over some seconds."""

    p50: float
    p95: float
    p99: float
    n_requests: int
    n_lost: int


def by_wrk(url: str, people: int, seconds: int) -> Load:
    """Load a page with wrk."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(REPORT)
        script.flush()
        command = ["wrk", "-t1", f"-c{people}", f"-d{seconds}s", "--timeout", "30s", "-s", script.name, url]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"found (\S+) (\S+) (\S+) (\d+) (\d+)", said)
    if found is None:
        raise RuntimeError(f"wrk said {said!r}")
    p50, p95, p99, done, lost = found.groups()
    return Load(float(p50), float(p95), float(p99), int(done), int(lost))


def by_threads(url: str, people: int, seconds: int) -> Load:
    """Load a page with one thread for each person."""
    address, end = urlsplit(url), time.monotonic() + seconds
    path = address.path + (f"?{address.query}" if address.query else "")
    took: list[float] = []
    lost: list[int] = []

    def person() -> None:
        line = http.client.HTTPConnection(address.netloc, timeout=30)
        while (begun := time.monotonic()) < end:
            try:
                line.request("GET", path)
                answer = line.getresponse()
                answer.read()
                took.append(time.monotonic() - begun)
                lost.extend([1] * (answer.status != 200))
            except OSError:
                lost.append(1)
                line.close()

    threads = [threading.Thread(target=person) for _ in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cuts = statistics.quantiles(took, n=100)
    return Load(cuts[49], cuts[94], cuts[98], len(took), len(lost))


def started(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Start a studio on a free port, and return it with its address."""
    command = [*COMMAND, "studio", "--no-open", "--port", "0", "--store", str(folder / ".isoperf")]
    server = subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True)
    line = server.stderr.readline() if server.stderr else ""
    url = line.rpartition(" ")[2].strip().rstrip("/")
    while True:
        try:
            fetch(url, "/")
            return server, url
        except OSError:
            time.sleep(0.1)


def fetch(url: str, path: str, body: str = "", headers: dict[str, str] | None = None) -> http.client.HTTPResponse:
    """Send one request and return the answer, unread."""
    line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    line.request("POST" if body else "GET", path, body or None, headers or {})
    return line.getresponse()


def answered(url: str) -> str:
    """Ask a question as a browser does, and return the address of its answer once it is there."""
    first = fetch(url, "/questions")
    cookie = (first.getheader("Set-Cookie") or "").partition(";")[0]
    mark = re.search(r'"X-CSRF-Token": "(\w+)"', first.read().decode())
    headers = {"Cookie": cookie, "X-CSRF-Token": mark[1] if mark else ""}
    headers["Content-Type"] = "application/x-www-form-urlencoded"
    place = fetch(url, "/ask/fit", "data=store:runs&law=chinchilla", headers).getheader("Location") or ""
    while b'"waiting":true' in fetch(url, f"{place}/progress?format=json").read():
        time.sleep(0.2)
    return place


def main() -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--people", type=int, default=200)
    asked.add_argument("--seconds", type=int, default=10)
    given = asked.parse_args()
    tool: Callable[[str, int, int], Load] = by_wrk if shutil.which("wrk") else by_threads
    with tempfile.TemporaryDirectory() as name:
        server, url = started(Path(name))
        try:
            subprocess.run([sys.executable, "-c", PUT, str(Path(name) / ".isoperf")], check=True)
            pages = {"home": "/", "table": "/tables/store/runs", "questions": "/questions"}
            pages |= {"form": "/ask/forecast?data=store:runs", "answer": answered(url)}
            rows = []
            for page, path in pages.items():
                fetch(url, path).read()
                load = tool(url + path, given.people, given.seconds)
                times = (f"{value * 1e3:.0f} ms" for value in (load.p50, load.p95, load.p99))
                rows.append((page, *times, f"{load.n_requests / given.seconds:.0f}", str(load.n_lost)))
        finally:
            server.terminate()
            server.wait(20)
    print(table(("page", "median", "95 %", "99 %", "pages per second", "failed"), rows))


if __name__ == "__main__":
    main()
