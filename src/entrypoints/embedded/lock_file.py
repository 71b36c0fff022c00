"""Advisory locks that end with the last process that holds their file open, however it ends."""

import fcntl
import os
from pathlib import Path


def try_lock(path: Path) -> int | None:
    """
    Lock *path*, which is created with mode 0600 if need be; None if another holds it.

    The answer is a file descriptor. Close it to let go. A child that inherits it shares the lock, and so do its own
    children: the lock is then free only when every one of them is gone.

    Raises:
        OSError: If the file cannot be opened, or its file system has no locks.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
