"""Documents and everything people do with them."""
