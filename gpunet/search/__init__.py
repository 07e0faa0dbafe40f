"""Searches for shortest paths: the search graph, the work on it in chunks, sampling, and estimates."""
