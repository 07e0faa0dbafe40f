"""The same loops for NVIDIA GPUs, where no library has them."""
