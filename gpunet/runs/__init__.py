"""A run: its folder, stages, checkpoints and manifest."""
