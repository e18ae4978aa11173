"""The dialogue engine: (script, state, event) to (state, actions). Pure."""
