"""Makes the TypeScript of the messages that Python defines.

    python js/scripts/generate_messages.py            writes what differs
    python js/scripts/generate_messages.py --check    fails where something differs

``nengolab_widgets/messages.py`` and ``from_pages.py`` become ``js/src/widgets/messages.ts``, and
the ``Payload`` of each kind of panel becomes ``js/src/widgets/panels/<kind>/payload.ts``, with the
messages of its union ``Said``.
"""

from __future__ import annotations

import inspect
import sys
import types
from pathlib import Path
from typing import (
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

SOURCES = Path(__file__).resolve().parents[1] / "src" / "widgets"
COMMAND = "python js/scripts/generate_messages.py"
PLAIN = {str: "string", float: "number", int: "number", bool: "boolean", Any: "unknown"}


class Module:
    """One TypeScript file in the making."""

    def __init__(self, source: str, decode: str) -> None:
        self._head = f"/** Made from {source} by `{COMMAND}`: change that, not this. */\n"
        self._decode = decode
        self._parts: list[str] = []
        self._done: set[str] = set()
        self._used: set[str] = {"record"}

    def add(self, kind: type) -> str:
        """Write a TypedDict, and those it holds, once; return its name."""
        name = kind.__name__
        if name in self._done:
            return name
        self._done.add(name)
        fields = get_type_hints(kind, include_extras=True)
        members = [self._member(field, hint) for field, hint in fields.items()]
        checks = [f"  {field}: {self._check(hint)}," for field, hint in fields.items()]
        text = " ".join((inspect.getdoc(kind) or "").split())
        self._parts.append(
            f"/** {text} */\nexport interface {name} {{\n" + "\n".join(members) + "\n}\n\n"
            f"export const is{name}: Check<{name}> = record<{name}>({{\n"
            + "\n".join(checks)
            + "\n});\n"
        )
        return name

    def raw(self, text: str) -> None:
        """Write something as it is."""
        self._parts.append(text)

    def use(self, name: str) -> str:
        """Name something of ``decode.ts``."""
        self._used.add(name)
        return name

    def text(self) -> str:
        """Give the file."""
        names = ", ".join(sorted(self._used))
        imports = f'import {{ {names}, type Check }} from "{self._decode}";\n'
        return "\n".join([self._head, imports, *self._parts])

    def _member(self, field: str, hint: Any) -> str:
        if get_origin(hint) is NotRequired:
            return f"  {field}?: {self._type(get_args(hint)[0])};"
        return f"  {field}: {self._type(hint)};"

    def _type(self, hint: Any) -> str:
        origin, args = get_origin(hint), get_args(hint)
        if hint is type(None):
            return "null"
        if hint in PLAIN:
            return PLAIN[hint]
        if origin is Literal:
            return " | ".join(f'"{arg}"' for arg in args)
        if origin in (Union, types.UnionType):
            return " | ".join(self._type(arg) for arg in args)
        if origin is list:
            inner = self._type(args[0])
            return f"({inner})[]" if " " in inner else f"{inner}[]"
        if origin is tuple:
            return f"[{', '.join(self._type(arg) for arg in args)}]"
        if origin is dict:
            return f"Record<string, {self._type(args[1])}>"
        if is_typeddict(hint):
            return self.add(hint)
        raise TypeError(f"no TypeScript for {hint!r}")

    def _check(self, hint: Any) -> str:
        origin, args = get_origin(hint), get_args(hint)
        if origin is NotRequired:
            return f"{self.use('optional')}({self._check(args[0])})"
        if hint is type(None):
            return self.use("isNull")
        if hint in PLAIN:
            return self.use("is" + PLAIN[hint].capitalize())
        if origin is Literal:
            quoted = ", ".join(f'"{arg}"' for arg in args)
            return f"{self.use('oneOf')}({quoted})"
        if origin in (Union, types.UnionType):
            return f"{self.use('either')}({', '.join(self._check(arg) for arg in args)})"
        if origin is list:
            return f"{self.use('listOf')}({self._check(args[0])})"
        if origin is tuple:
            return f"{self.use('tupleOf')}({', '.join(self._check(arg) for arg in args)})"
        if origin is dict:
            return f"{self.use('dictOf')}({self._check(args[1])})"
        return f"is{self.add(hint)}"


def messages() -> str:
    """Make ``messages.ts``."""
    from nengolab_widgets import from_pages
    from nengolab_widgets import messages as source

    module = Module("nengolab_widgets/messages.py and from_pages.py", "./decode")
    states = " | ".join(f'"{state}"' for state in get_args(source.SessionState))
    module.raw(
        '/** What the session is doing; "gone" is what the page says itself. */\n'
        f'export type SessionState = {states} | "gone";\n'
    )
    unions = {"KernelMessage": source.KernelMessage, "PageMessage": from_pages.PageMessage}
    for name, union in unions.items():
        members = [module.add(kind) for kind in get_args(union)]
        module.raw(f"export type {name} =\n" + "\n".join(f"  | {m}" for m in members) + ";\n")
    checks = "\n".join(
        f"  {kind}: is{cls.__name__},"
        for kind, cls in source.types_by_name(source.KernelMessage).items()
    )
    module.raw(
        "const KERNEL_MESSAGES: Record<string, Check<KernelMessage>> = {\n" + checks + "\n};\n\n"
        "/** Tell a message of the kernel from anything else; null is something else. */\n"
        "export function decodeMessage(content: unknown): KernelMessage | null {\n"
        f"  if (!{module.use('isRecord')}(content)) return null;\n"
        "  const kind = String(content.type);\n"
        "  if (!Object.hasOwn(KERNEL_MESSAGES, kind)) return null;\n"
        "  return KERNEL_MESSAGES[kind](content) ? content : null;\n"
        "}\n"
    )
    return module.text()


def payload(kind: str, cls: type, said: Any = None) -> str:
    """Make the ``payload.ts`` of a kind, with what its Python side says to the page besides."""
    module = Module(f"nengolab_widgets/panels/{kind}.py", "../../decode")
    module.add(cls)
    for message in get_args(said) or ((said,) if said is not None else ()):
        module.add(message)
    return module.text()


def outputs() -> dict[Path, str]:
    """Give all files and what is to be in them."""
    from nengolab_widgets.panels import own_kinds

    files = {SOURCES / "messages.ts": messages()}
    for name, kind in own_kinds().items():
        source = sys.modules[kind.__module__]
        cls = getattr(source, "Payload", None)
        if cls is not None:
            said = getattr(source, "Said", None)
            files[SOURCES / "panels" / name / "payload.ts"] = payload(name, cls, said)
    return files


def main() -> int:
    """Write, or with ``--check`` compare."""
    stale = [p for p, text in outputs().items() if not p.exists() or p.read_text() != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path} is out of date: run {COMMAND}")
        return bool(stale)
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(outputs()[path])
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
