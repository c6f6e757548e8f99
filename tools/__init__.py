"""What looks after the pinned requirements: `make lock`, `make wheels` and parts of `make check`."""
