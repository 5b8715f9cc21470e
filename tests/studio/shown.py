"""One page of each kind, made once for the tests that look at them all."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.studio.journey import RUNS, answered, ask, drop
from tests.studio.server import Studio

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["JOURNAL", "Shown"]

JOURNAL = Path(__file__).parents[1] / "files" / "connectors" / "optuna_journal.log"


@dataclass(frozen=True)
class Shown:
    """Where they are.

    Attributes
    ----------
    pages : what each shows -> its address, without the studio's own.
    """

    pages: dict[str, str]

    @classmethod
    def in_studio(cls, studio: Studio, page: Page, folder: Path) -> Shown:
        """Make them: a table, answers of several kinds, a study, something kept."""
        shutil.copy(JOURNAL, studio.folder / "shown.log")
        table = drop(page, folder, "shown.csv", RUNS.replace("n_params,n_tokens", "model_size,n_tokens"))
        renamed = drop(page, folder, "renamed.csv", RUNS)
        ask(page, "plan", f"store:{renamed}", flops="1e22", n_bootstrap="20", law="chinchilla")
        answered(page)
        plan = page.url.removeprefix(studio.url)
        page.get_by_label("Keep in the project's store as").fill("kept-plan")
        page.get_by_role("button", name="Keep", exact=True).click()
        page.wait_for_url("**/kept/kept-plan")
        ask(page, "choose", "planted_candidates", maximise="nothing")
        page.get_by_role("alert").wait_for()
        failed = page.url.removeprefix(studio.url)
        return cls(
            {
                "home": "/",
                "table to correct": f"/tables/store/{table}",
                "bundled table": "/tables/data/stdlib_lm",
                "questions": "/questions",
                "question": f"/ask/plan?data=store:{renamed}",
                "wrong question": "/ask/forecast?data=stdlib_lm&n_bootstrap=many",
                "answers": "/answers",
                "answer": plan,
                "failed answer": failed,
                "kept": "/kept/kept-plan",
                "studies": "/studies",
                "study": "/studies/shown.log",
                "no such page": "/nowhere",
            }
        )
