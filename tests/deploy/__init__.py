"""What is shipped for running the program, checked with the tools that will read it."""
