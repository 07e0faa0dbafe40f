"""Reading arrest tables: files and frames to coded arrests, every row accepted, rejected with a reason, or a repeat."""

from gpunet.reading.read import read_arrests

__all__ = ["read_arrests"]
