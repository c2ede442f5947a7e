"""The exact truth about the GIL in a target that a test starts: every request, acquire and release of every
thread.

``Oracle()`` gives the environment that preloads ``interposer.c`` into the target (``tests.support.spawn``
takes it) and reads what that keeps, at any moment and for any window.
"""

from tests.oracle.account import Account
from tests.oracle.layout import OracleState
from tests.oracle.reader import Oracle, ThreadLife

__all__ = ["Account", "Oracle", "OracleState", "ThreadLife"]
