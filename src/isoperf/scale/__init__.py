"""Scale: where the next unit of compute should go."""
