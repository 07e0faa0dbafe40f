"""A run as one signed file, made and verified."""
