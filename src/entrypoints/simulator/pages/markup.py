"""HTML, escaped by construction, without anything loaded from elsewhere."""

import html
from typing import Any

from litestar import Response

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; color: #1b1f24 }
main.narrow { max-width: 24rem; margin: auto } h1 { font-size: 1.3rem } h2 { font-size: 1.05rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100%; font-size: .85rem } td, th { text-align: left; padding: .25rem .5rem;
border-bottom: 1px solid #d8dee4; overflow-wrap: anywhere } td.number { text-align: right; font-variant-numeric:
tabular-nums } input { display: block; width: 100%; box-sizing: border-box; padding: .5rem; margin: .25rem 0 .75rem;
font: inherit } button { padding: .5rem 1rem; font: inherit; margin-right: .5rem } .note { color: #57606a }
.warning { color: #9a3412 }
"""


def page(title: str, *content: str, narrow: bool = False, status: int = 200) -> Response[str]:
    """A whole page; *content* is markup."""
    main = '<main class="narrow">' if narrow else "<main>"
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
        f"<body>{main}<h1>{escape(title)}</h1>{''.join(content)}</main></body></html>"
    )
    return Response(text, status_code=status, media_type="text/html; charset=utf-8", headers=_HEADERS)


def escape(value: object) -> str:
    """Text as markup; nothing for None."""
    return "" if value is None else html.escape(str(value))


def paragraph(text: str, kind: str = "note") -> str:
    """A paragraph of text."""
    return f'<p class="{escape(kind)}">{escape(text)}</p>'


def heading(text: str) -> str:
    """A heading inside the page."""
    return f"<h2>{escape(text)}</h2>"


def table(columns: list[str], rows: list[list[Any]]) -> str:
    """A table of values; whole numbers stand to the right."""
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(_cell(value) for value in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(value: object) -> str:
    kind = ' class="number"' if isinstance(value, int) else ""
    return f"<td{kind}>{escape(value)}</td>"
