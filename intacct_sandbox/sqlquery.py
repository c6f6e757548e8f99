"""The SQL-like text of readByQuery, read into the filter tree."""

from __future__ import annotations

import re

from intacct_sandbox import errors
from intacct_sandbox.filters import MAX_DEPTH, Group, Node, Test

TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:\\.|''|[^'\\])*')|(?P<op><=|>=|<>|!=|=|<|>)|(?P<mark>[(),])|(?P<word>[^\s(),'<>=!]+))"
)
# Dates are written MM/DD/YYYY, with or without a time behind them.
ISO_TIME = re.compile(r"\d{4}-\d{1,2}-\d{1,2}[T ]\d{1,2}:\d{2}.*")
OPERATORS = {
    "=": "equalto",
    "<>": "notequalto",
    "!=": "notequalto",
    "<": "lessthan",
    "<=": "lessthanorequalto",
    ">": "greaterthan",
    ">=": "greaterthanorequalto",
}


def parse(text: str) -> tuple[Node | None, int | None]:
    """The filter, and the highest row number where `rownum` asks for one. Raises Refused for what cannot be read."""
    tokens = _tokens(text)
    if not tokens:
        return None, None
    parser = _Parser(tokens)
    node = parser.alternatives(0)
    if parser.here < len(tokens):
        raise _cannot_read(text)
    if any(kind == "string" and ISO_TIME.fullmatch(value) for kind, value in tokens):
        raise errors.processing_error()
    return node, parser.limit


def _cannot_read(text: str) -> Exception:
    return errors.processing_error(f"The query '{text[:200]}' cannot be read.")


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    text = text.strip()
    while position < len(text):
        match = TOKEN.match(text, position)
        if match is None or match.end() == position:
            raise _cannot_read(text)
        kind = str(match.lastgroup)
        tokens.append((kind, _unquoted(match[kind]) if kind == "string" else match[kind]))
        position = match.end()
    return tokens


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)|''", lambda match: match[1] or "'", text[1:-1])


class _Parser:
    """Recursive descent over the tokens: OR binds weakest, then AND, then NOT."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.here = tokens, 0
        self.limit: int | None = None

    def _peek(self) -> tuple[str, str]:
        return self.tokens[self.here] if self.here < len(self.tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self.here += 1
        return token

    def _take(self, word: str) -> bool:
        kind, text = self._peek()
        if kind in {"word", "mark"} and text.upper() == word:
            self.here += 1
            return True
        return False

    def _require(self, word: str) -> None:
        if not self._take(word):
            raise _cannot_read(" ".join(text for _, text in self.tokens))

    def alternatives(self, depth: int) -> Node | None:
        parts = [self._conjunction(depth)]
        while self._take("OR"):
            parts.append(self._conjunction(depth))
        return _joined("or", parts)

    def _conjunction(self, depth: int) -> Node | None:
        parts = [self._term(depth)]
        while self._take("AND"):
            parts.append(self._term(depth))
        return _joined("and", parts)

    def _term(self, depth: int) -> Node | None:
        if depth > MAX_DEPTH:
            raise errors.processing_error("The query is nested too deeply.")
        if self._take("NOT"):
            inner = self._term(depth + 1)
            return negated(inner) if inner else None
        if self._take("("):
            inner = self.alternatives(depth + 1)
            self._require(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Node | None:
        kind, field = self._next()
        if kind != "word":
            raise _cannot_read(" ".join(text for _, text in self.tokens))
        if self._take("IS"):
            operator = "isnotnull" if self._take("NOT") else "isnull"
            self._require("NULL")
            return Test(operator, field)
        not_ = self._take("NOT")
        if self._take("LIKE"):
            return Test("notlike" if not_ else "like", field, (self._value(),))
        if self._take("IN"):
            return Test("notin" if not_ else "in", field, self._list())
        kind, symbol = self._next()
        if kind != "op" or not_:
            raise _cannot_read(" ".join(text for _, text in self.tokens))
        value = self._value()
        if field.lower() == "rownum":
            self._limit(symbol, value)
            return None
        return Test(OPERATORS[symbol], field, (value,))

    def _limit(self, symbol: str, value: str) -> None:
        if symbol not in {"<", "<="} or not re.fullmatch("[0-9]{1,15}", value):
            raise errors.processing_error("rownum takes < or <= and a number.")
        self.limit = int(value) - (symbol == "<")

    def _value(self) -> str:
        kind, text = self._next()
        if kind not in {"string", "word"}:
            raise _cannot_read(" ".join(token for _, token in self.tokens))
        return text

    def _list(self) -> tuple[str, ...]:
        self._require("(")
        found = [self._value()]
        while self._take(","):
            found.append(self._value())
        self._require(")")
        return tuple(found)


def _joined(operator: str, parts: list[Node | None]) -> Node | None:
    present = [part for part in parts if part is not None]
    if len(present) < 2:
        return present[0] if present else None
    return Group(operator, tuple(present))


OPPOSITES = {
    "equalto": "notequalto",
    "lessthan": "greaterthanorequalto",
    "greaterthan": "lessthanorequalto",
    "like": "notlike",
    "in": "notin",
    "isnull": "isnotnull",
}
OPPOSITES |= {value: key for key, value in OPPOSITES.items()}


def negated(node: Node) -> Node:
    if isinstance(node, Group):
        operator = "or" if node.operator == "and" else "and"
        return Group(operator, tuple(negated(child) for child in node.children))
    return Test(OPPOSITES[node.operator], node.field, node.values)
