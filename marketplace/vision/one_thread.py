"""How a process that looks at videos is started: libraries that use all cores would only wait for each other there.

A video is checked by one process for each core. Besides, OpenBLAS waits by turning in a loop: with two threads looking
for marks took twice the processor time.
"""

from collections.abc import Mapping

ONE_THREAD: Mapping[str, str] = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
