"""What operators see of the program while it runs: its log, its traces, the names of its figures."""
