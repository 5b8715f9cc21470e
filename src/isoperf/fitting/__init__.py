"""How a law meets data: search, bootstrap, rehearsal, choice, intervals."""
