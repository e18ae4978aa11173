"""The script language: model, loading with places, lint, revisions. Pure."""
