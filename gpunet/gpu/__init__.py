"""The GPU engine: what of it runs on the host. Nothing in here is imported unless that engine is asked for."""
