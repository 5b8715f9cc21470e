"""Write one answer as an HTML page that opens without a network, as Markdown and as JSON."""

import json
from pathlib import Path

import isoperf

runs = isoperf.datasets.load("stdlib_lm").where("n_steps > 1000")
fit = isoperf.fit(runs, law="overtraining", seed=0)
report = fit.report()

for name in ("fit.html", "fit.md", "fit.json"):
    written = report.save(name)
    print(f"{written.name}: {written.stat().st_size} bytes")

blocks = json.loads(Path("fit.json").read_text("utf-8"))["blocks"]
print(f"{len(blocks)} blocks; data {report.provenance['data'][:19]}, seed {report.provenance['seed']}")
print("loads from outside:", 'src="http' in report.html())
