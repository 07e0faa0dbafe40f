"""Coded arrests, arrests as of a day, and the network that they make."""
