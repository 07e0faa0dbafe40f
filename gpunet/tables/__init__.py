"""Frames, arrays and files of tables, whatever library they are of."""
