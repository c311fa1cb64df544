"""`make run` and `make test`: sets the machine up, starts PostgreSQL and Valkey from their wheels, runs the processes."""
