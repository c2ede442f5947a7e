"""Whether this machine, or a process on it, can be profiled; each check is one file in ``checks``."""
