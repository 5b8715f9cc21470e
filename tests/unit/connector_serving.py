"""Files of tools that measure a model's server, written by the tools against a server of the tests' own."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.unit.connector_server import MODEL, WORDS, serving

OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "GUIDELLM__MAX_WORKER_PROCESSES": "1"}
_MACHINE = re.compile(rb"(Linux|Windows|macOS)-[\w.+-]+")
_TUNED = ("--metric-percentiles", "50,99", "--percentile-metrics", "ttft,tpot,itl,e2el", "--disable-tqdm")
_KEPT = ("--save-result", "--save-detailed", "--append-result", "--result-dir", ".", "--result-filename", "serve.json")


def write_guidellm(folder: Path) -> Path:
    """Two benchmarks of four requests each, of which the last two fail, in the three kinds of report."""
    made = folder / "guidellm"
    made.mkdir()
    _write_tokenizer(folder / "tokenizer")
    prompts = (json.dumps({"prompt": f"tell me of the number w{k}"}) for k in range(8))
    (folder / "prompts.jsonl").write_text("\n".join(prompts), "utf-8")
    outputs = [f"--output=kind={kind},path=guidellm/benchmarks.{kind}" for kind in ("json", "yaml", "csv")]
    with serving(answers=6) as address:
        _run(
            folder, "-m", "guidellm", "run", f"--backend=kind=openai_http,target={address},model={MODEL}",
            "--profile=kind=constant,rate=4", "--override", "profile.rate", "4,8",
            "--constraint=kind=max_requests,count=4", "--data=kind=json_file,path=prompts.jsonl",
            "--tokenizer=kind=hf_auto,model=tokenizer", "--disable-console", *outputs,
        )  # fmt: skip
    for path in made.iterdir():
        content = _MACHINE.sub(rb"\1", path.read_bytes())
        for place in (sys.prefix, sys.base_prefix, str(folder)):
            content = content.replace(place.encode(), b"env")
        if path.suffix == ".csv":
            path.write_bytes(content)
        else:
            path.with_suffix(f"{path.suffix}.gz").write_bytes(gzip.compress(content, mtime=0))
            path.unlink()
    return made


def write_vllm(folder: Path) -> Path:
    """Two benchmarks appended to one file, by vLLM's client alone; the last two requests fail."""
    made = folder / "vllm"
    made.mkdir()
    _write_tokenizer(folder / "tokenizer")
    client = (
        "import argparse\nfrom vllm.benchmarks import serve\np = argparse.ArgumentParser()\n"
        "serve.add_cli_args(p)\nserve.main(p.parse_args())\n"
    )
    sizes = ("--dataset-name", "random", "--random-input-len", "12", "--random-output-len", str(len(WORDS)))
    with serving(answers=6) as address:
        for rate in ("inf", "20"):
            _run(
                made, "-c", client, "--backend", "openai-chat", "--base-url", address, "--model", MODEL,
                "--endpoint", "/v1/chat/completions", "--tokenizer", "../tokenizer", "--num-prompts", "4",
                "--request-rate", rate, "--metadata", "gpu=none", *sizes, *_TUNED, *_KEPT,
            )  # fmt: skip
    path = made / "serve.json"
    path.write_text(path.read_text("utf-8").replace('"../tokenizer"', '"tokenizer"'), "utf-8")
    return made


def write_openai(folder: Path) -> Path:
    """A log of what the client's own classes hold: two chats, of one id, and an answer of the newer interface."""
    from openai import OpenAI

    path = folder / "openai_usage.jsonl"
    with serving() as address, OpenAI(base_url=f"{address}/v1", api_key="none") as client:
        said: Any = [{"role": "user", "content": "tell me"}]
        answers: list[Any] = [client.chat.completions.create(model=MODEL, messages=said) for _ in range(2)]
        answers.append(client.responses.create(model=MODEL, input="tell me"))
        path.write_text("".join(f"{answer.model_dump_json()}\n" for answer in answers), "utf-8")
    return path


def _write_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    words = {word: place for place, word in enumerate(("<unk>", "<s>", "</s>", *(f"w{k}" for k in range(200))))}
    made = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    marks = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    PreTrainedTokenizerFast(tokenizer_object=made, **marks).save_pretrained(folder)


def _run(folder: Path, *arguments: str) -> None:
    subprocess.run(
        [sys.executable, *arguments], cwd=folder, env={**os.environ, **OFFLINE}, check=True, timeout=500,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
