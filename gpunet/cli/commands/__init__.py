"""The commands, a file a group. Each is one call into the package, which is imported only then: ``--help`` is quick."""
