"""HTTP: health and REST API."""
