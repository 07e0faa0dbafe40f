"""Flags: declared triggers with their evidence, as of a day, and what each was worth in the past."""
