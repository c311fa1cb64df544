"""Brings esa to AWS: the stacks, the task definitions, and `python -m deploy`, which releases onto them."""
