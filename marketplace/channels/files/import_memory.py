"""A bound on the memory that reading one file may take, whatever is in the file.

The readers bound lines, cells, items and shared texts, and say which was too large. What they do not know, such as
forms of XML that make a parser hold more than it gives, meets this limit of the process: an allocation beyond it fails,
and the file is refused.
"""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from marketplace.channels.files.tables.table_rows import FileRefused

if sys.platform != "win32":
    import resource

# A sheet of 32 MiB of shared texts, the largest that is taken, needs half of it.
MEMORY_MAX = 512 * 1024 * 1024


@contextlib.contextmanager
def limited_memory(bytes_max: int = MEMORY_MAX) -> Iterator[None]:
    """Let this process take so much more memory than it has now. Raises FileRefused where that is not enough.

    Linux only: elsewhere there is no limit of this kind that counts what is really taken.
    """
    held = _held()
    if held is None:
        yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    bounds = [limit for limit in (soft, hard, held + bytes_max) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_DATA, (min(bounds), hard))
    try:
        yield
    except MemoryError as error:
        # First, for a refusal takes memory too.
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
        raise too_much_memory(bytes_max) from error
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def too_much_memory(bytes_max: int = MEMORY_MAX) -> FileRefused:
    """Return the refusal of a file that would need more memory than a file may."""
    mib = bytes_max // 1024**2
    return FileRefused(
        f"读取此文件所需的内存超过 {mib} MiB。请拆成几个较小的文件，或另存为 CSV。",
        f"Reading this file takes more than {mib} MiB of memory. Split it into smaller files, or save it as CSV.",
    )


def _held() -> int | None:
    """Return the bytes that the kernel counts against the limit of this process."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:")), None)
