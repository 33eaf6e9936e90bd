"""Keeps what no picture needs out of imports of other libraries."""

import importlib
import importlib.util
import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import ModuleType


def fill_when_asked(package: str) -> None:
    """Let a package, which is not imported yet, import its modules when it is asked for a name.

    Its modules can be imported one by one before; after the first question it is what an ordinary
    import makes. `importlib.util.LazyLoader` would do, if it did not take an import of one of its
    modules for such a question.

    Args:
        package: With its dots; the package around it is imported.
    """
    if package in sys.modules:
        return
    spec = importlib.util.find_spec(package)
    if spec is None:
        return  # another version of the library, which imports as it likes
    module = importlib.util.module_from_spec(spec)
    module.__class__ = _Unfilled
    parent, _, name = package.rpartition(".")
    sys.modules[package] = module
    setattr(sys.modules[parent], name, module)


class _Unfilled(ModuleType):
    """A package whose own code has not run."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)  # asked by the import system of every module
        # As importlib.util.LazyLoader does it: an ordinary module from here on.
        self.__class__ = ModuleType  # pyright: ignore[reportAttributeAccessIssue]
        spec = self.__spec__
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module(self)
        return getattr(self, name)


@contextmanager
def absent(library: str) -> Generator[None]:
    """Let importing a library fail, as if it were not installed, unless it is imported already."""
    if library in sys.modules:
        yield
        return
    # What the import system itself understands by None: there is no such module.
    sys.modules[library] = None  # pyright: ignore[reportArgumentType]
    try:
        yield
    finally:
        del sys.modules[library]
