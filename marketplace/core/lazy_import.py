"""Libraries that are imported when they are first used: the one mechanism for it (docs/adr/0014).

Some libraries cost more to import than everything else a process does at its start, and most processes never call
them: a web server that never writes a spreadsheet pays for xlsxwriter, a command that only prints its help pays for
rich. Such a library is named at the top of the module like every other import, so that a reader and a type checker
see it there, but loaded at the first use of one of its names:

    if TYPE_CHECKING:
        import xlsxwriter
    else:
        xlsxwriter = lazy_module("xlsxwriter")

Names are always reached through the module (`special.expit`, never `from scipy.special import expit`). An annotation
that uses one must not be evaluated: quote it. To be used for libraries only, and for rooms of this project whose
libraries may be absent (`vision`, which an installation may leave out).

What a program does import stays, and looking through it for garbage took a fifth to a third of a start. So a program's
first statement is `pause_garbage()`, and its last `keep_imports()`.
"""

import gc
import importlib
from types import ModuleType
from typing import Any


class LazyModule(ModuleType):
    """Stands for a module that nobody has used yet; looking up a public name in it imports it."""

    def __getattr__(self, name: str) -> Any:
        # inspect, copy and pytest look for such names in whatever they meet; none of them means to use the library.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(importlib.import_module(self.__name__), name)


def lazy_module(name: str) -> ModuleType:
    """Return a stand-in for the module of this full name. A missing module raises ImportError at its first use."""
    return LazyModule(name)


def pause_garbage() -> None:
    """Look for no garbage until `keep_imports`."""
    gc.disable()


def keep_imports() -> None:
    """Look for garbage again, but never through what stands now; processes forked from this one share it."""
    gc.freeze()
    gc.enable()
