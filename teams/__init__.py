"""People, the team they are in, and what is going on in it."""
