"""Recognisers, voices, models and the prompt cache."""
