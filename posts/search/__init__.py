"""Finding posts: normalised text, the query language, the index and what it answers."""
