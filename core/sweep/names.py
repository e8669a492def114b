"""Names of the files in a sweep's folder; a module of its own, as a list of runs needs no more of a sweep."""

PLAN, RUNS, STOPPING, FAILED = "sweep.json", "runs", "stopping", "failed.txt"
