"""What features ask of a machine, and the engines that do it."""
