"""What script authors do: rehearse, later publish and compare."""
