"""One file per tool: each reads a job on standard input and answers with an outcome, in its own process."""
