"""The project store: tables, fits and reports in one place that survives crashes and takes several writers."""

from __future__ import annotations

from isoperf.store.entry import Entry, StoredReport
from isoperf.store.finding import find, held, named, place_of
from isoperf.store.store import Store

__all__ = ["Entry", "Store", "StoredReport", "find", "held", "named", "place_of"]
