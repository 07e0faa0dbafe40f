"""Who may see what, and what is written down of it: purpose, log, review, retention."""
