"""gilprof from Python: ``profile``, ``attach``, ``run`` and ``load``, by which ``import gilprof`` stays light."""
