"""The command ``gpunet``."""

from gpunet.cli.app import app, main

__all__ = ["app", "main"]
