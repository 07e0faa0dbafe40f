"""Forecasts of places: violent arrests of the next window, beside the simple forecasts that police use."""
