"""What an SDK's types let through without knowing it."""
from pydantic import BaseModel


def extras(value, path=""):
    """Fields the SDK does not know: its types let them through, a server may not."""
    if isinstance(value, BaseModel):
        for name in value.model_extra or {}:
            yield f"{path}.{name}"
        for name in type(value).model_fields:
            yield from extras(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, list):
        for index, element in enumerate(value):
            yield from extras(element, f"{path}[{index}]")
