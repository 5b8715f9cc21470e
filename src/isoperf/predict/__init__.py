"""Predict: what a run, model or recipe will score, before or while it trains."""
