"""A profile as ``attach`` and ``run`` take it: from the source to recording, stalls, live view and report."""
