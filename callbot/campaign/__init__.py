"""Contact lists, rules before dialling, dispatch."""
