"""Public records of a run: how it works, for whoever has to answer for it."""
