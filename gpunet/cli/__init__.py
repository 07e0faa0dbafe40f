"""The command ``gpunet``."""

from gpunet.cli.commands import app, main

__all__ = ["app", "main"]
