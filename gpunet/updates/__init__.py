"""A day's update: what a complete run comes to with tonight's tables, and what that moved."""
