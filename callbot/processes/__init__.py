"""One module per process; each wires its parts and nothing else."""
