"""What every other room may use: errors, progress, threads, memory, day numbers."""
