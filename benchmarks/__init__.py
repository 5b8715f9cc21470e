"""Isoperf timed and scored beside the tools people use today; ``python -m benchmarks`` runs everything."""
