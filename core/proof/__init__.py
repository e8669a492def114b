"""Whether the numbers can be trusted: the course reproduced, and the speed measured beside others."""
