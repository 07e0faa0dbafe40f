"""Benchmarks: gpunet beside other network libraries, on the same networks, in the same run. See docs/benchmarks.md."""
