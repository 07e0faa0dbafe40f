"""Hostile uses of gpunet, and what judges how it takes them; ``scripts/hostile.py`` is the command."""
