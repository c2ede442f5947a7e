"""What ``gilprof export`` decides before it writes: which format, which files."""
