"""Many runs: list, sort, compare, tag, delete and export them, and report on one."""
