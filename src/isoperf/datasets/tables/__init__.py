"""One file per family of tables; each has a tuple ``TABLES``."""
