"""The project: wiring, and what knows nothing of people or posts."""

import atexit
import gc

# What a start loads stays: two hundred thousand objects, and looking for garbage among them, time and again and once more
# at the end, took a third of the time of every command and of each process of a server.
gc.set_threshold(50_000, 20, 20)
atexit.register(gc.freeze)
