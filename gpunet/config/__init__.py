"""The TOML configuration, the violent offences, and the registry of features."""
