"""Training and scoring on the workers of a cluster."""
