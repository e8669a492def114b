"""The tests."""

import os

# as the command line does, and for its reasons, before NumPy is imported; see nnfd.tui.guard.environment
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
