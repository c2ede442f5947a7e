"""What ``gilprof run`` does around a profile: starts the program, stays beside it, gives it the terminal."""
