"""What `make bench` measures; each module has `run(scale)` that answers rows of results."""
