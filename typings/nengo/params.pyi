from typing import Any

class NumberParam:
    # An attribute of a class, of whose objects it is a number.
    def __new__(cls, *args: Any, **kwargs: Any) -> Any: ...

def __getattr__(name: str) -> Any: ...
