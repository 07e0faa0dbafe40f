"""Features as of many days, as other teams' models take them."""
