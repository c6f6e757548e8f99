"""The icons, as the inside of a 24 by 24 SVG drawn in strokes of the text's colour. Names say what is drawn."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

_SHAPES = {
    "alert": '<path d="M12 4 2.8 19.5h18.4z"/><path d="M12 10v4.5M12 17v.01"/>',
    "archive": '<path d="M3.5 4.5h17v4h-17zM5 8.5v11h14v-11M10 12.5h4"/>',
    "arrow-down": '<path d="M12 5v14M6 13l6 6 6-6"/>',
    "arrow-left": '<path d="M19 12H5M11 6l-6 6 6 6"/>',
    "arrow-right": '<path d="M5 12h14M13 6l6 6-6 6"/>',
    "arrow-up": '<path d="M12 19V5M6 11l6-6 6 6"/>',
    "bell": '<path d="M6 16.5V11a6 6 0 0 1 12 0v5.5l1.5 1.5h-15zM10 20.5h4"/>',
    "book": '<path d="M5 4.5h12.5a1.5 1.5 0 0 1 1.5 1.5v14H7a2 2 0 0 1-2-2zM5 18a2 2 0 0 1 2-2h12M9 8.5h6"/>',
    "bookmark": '<path d="M6.5 4h11v16.5L12 16l-5.5 4.5z"/>',
    "building": '<path d="M5 20.5v-17h9v17M14 9h5v11.5M3 20.5h18M8 7.5h3M8 11h3M8 14.5h3"/>',
    "calendar": '<path d="M4 6h16v14H4zM4 10.5h16M8.5 3.5v4M15.5 3.5v4"/>',
    "chart": '<path d="M4 4v16h16M8.5 16v-4M12.5 16V8M16.5 16v-6"/>',
    "check": '<path d="m5 12.5 4.5 4.5L19 7.5"/>',
    "check-circle": '<circle cx="12" cy="12" r="8.5"/><path d="m8 12.3 2.8 2.8L16 9.5"/>',
    "chevron-down": '<path d="m6 9.5 6 6 6-6"/>',
    "chevron-left": '<path d="m14.5 6-6 6 6 6"/>',
    "chevron-right": '<path d="m9.5 6 6 6-6 6"/>',
    "circle": '<circle cx="12" cy="12" r="8.5"/>',
    "clock": '<circle cx="12" cy="12" r="8.5"/><path d="M12 7.5V12l3 2"/>',
    "coins": '<ellipse cx="9.5" cy="7" rx="5.5" ry="3"/><path d="M4 7v5c0 1.7 2.5 3 5.5 3M15 7v3"/>'
    '<ellipse cx="14.5" cy="13" rx="5.5" ry="3"/><path d="M9 13v4.5c0 1.7 2.5 3 5.5 3s5.5-1.3 5.5-3V13"/>',
    "columns": '<path d="M4 5h16v14H4zM9.5 5v14M14.5 5v14"/>',
    "comment": '<path d="M4 5h16v11.5h-9L6.5 20v-3.5H4z"/>',
    "contrast": '<circle cx="12" cy="12" r="8.5"/><path d="M12 3.5v17a8.5 8.5 0 0 0 0-17z" fill="currentColor"/>',
    "copy": '<path d="M8.5 8.5h11v11h-11zM15.5 8.5v-4h-11v11h4"/>',
    "cross": '<path d="m6 6 12 12M18 6 6 18"/>',
    "cross-circle": '<circle cx="12" cy="12" r="8.5"/><path d="m9 9 6 6M15 9l-6 6"/>',
    "download": '<path d="M12 4v11M7 10.5l5 5 5-5M4.5 20h15"/>',
    "edit": '<path d="M4.5 19.5 5.5 15 16 4.5l3.5 3.5L9 18.5zM13.5 7l3.5 3.5"/>',
    "external": '<path d="M13.5 4.5h6v6M19.5 4.5 11 13M17 14v5.5H4.5V7H10"/>',
    "eye": '<path d="M2.5 12C5 7.5 8.3 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.8 6.5-9.5 6.5S5 16.5 2.5 12z"/>'
    '<circle cx="12" cy="12" r="2.8"/>',
    "file": '<path d="M6 3.5h8l4 4v13H6zM14 3.5v4h4"/>',
    "file-plus": '<path d="M6 3.5h8l4 4v13H6zM14 3.5v4h4M12 11v6M9 14h6"/>',
    "file-text": '<path d="M6 3.5h8l4 4v13H6zM14 3.5v4h4M9 12h6M9 15.5h6"/>',
    "filter": '<path d="M4 5.5h16l-6.2 7v5.5l-3.6 2v-7.5z"/>',
    "flag": '<path d="M5.5 21V4.5h12l-2.5 4 2.5 4h-12"/>',
    "help": '<circle cx="12" cy="12" r="8.5"/>'
    '<path d="M9.7 9.5a2.4 2.4 0 1 1 3.4 2.2c-.8.4-1.1.9-1.1 1.8M12 16.5v.01"/>',
    "history": '<path d="M4 5v4.5h4.5M4.3 9.5a8.3 8.3 0 1 1-.6 4M12 8v4.5l3 1.8"/>',
    "home": '<path d="m3.5 11.5 8.5-7.5 8.5 7.5M6 9.5v10.5h12V9.5M10 20v-5.5h4V20"/>',
    "inbox": '<path d="M4 13.5 6.5 5h11l2.5 8.5V19H4zM4 13.5h5l1 2.5h4l1-2.5h5"/>',
    "info": '<circle cx="12" cy="12" r="8.5"/><path d="M12 11.3V16M12 8v.01"/>',
    "key": '<circle cx="8" cy="15.5" r="4"/><path d="m11 12.5 8-8M16 7.5l3 3"/>',
    "layers": '<path d="m12 3.5 8.5 4.5-8.5 4.5L3.5 8zM3.5 12l8.5 4.5 8.5-4.5M3.5 16l8.5 4.5 8.5-4.5"/>',
    "link": '<path d="M10 14a4 4 0 0 0 5.7 0l3.1-3.1a4 4 0 0 0-5.7-5.7l-1 1"/>'
    '<path d="M14 10a4 4 0 0 0-5.7 0l-3.1 3.1a4 4 0 0 0 5.7 5.7l1-1"/>',
    "lock": '<path d="M5.5 10.5h13v10h-13zM8.5 10.5V7.5a3.5 3.5 0 0 1 7 0v3M12 14.5v2"/>',
    "mail": '<path d="M3.5 5.5h17v13h-17zM4 6.5l8 6.5 8-6.5"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h16"/>',
    "minus": '<path d="M5 12h14"/>',
    "moon": '<path d="M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z"/>',
    "more": '<path d="M6 12v.01M12 12v.01M18 12v.01" stroke-width="2.6"/>',
    "paperclip": '<path d="m19.5 11-7.8 7.8a4.6 4.6 0 0 1-6.5-6.5l8-8a3.1 3.1 0 0 1 4.4 4.4l-7.8 7.8'
    'a1.5 1.5 0 0 1-2.2-2.2l7-7"/>',
    "pause": '<path d="M8.5 5.5v13M15.5 5.5v13"/>',
    "percent": '<path d="M18.5 5.5l-13 13"/><circle cx="7" cy="7" r="2.3"/><circle cx="17" cy="17" r="2.3"/>',
    "play": '<path d="M7.5 5 19 12 7.5 19z"/>',
    "plug": '<path d="M9 3.5v4.5M15 3.5v4.5M6.5 8h11v3.5a5.5 5.5 0 0 1-11 0zM12 17v4"/>',
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "refresh": '<path d="M20 5v4.5h-4.5M4 19v-4.5h4.5M19.6 9.5A8 8 0 0 0 5.3 8M4.4 14.5A8 8 0 0 0 18.7 16"/>',
    "reject": '<circle cx="12" cy="12" r="8.5"/><path d="m6 6 12 12"/>',
    "save": '<path d="M4.5 4.5h12l3 3v12h-15zM8 4.5v5h7v-5M8 19.5v-6h8v6"/>',
    "search": '<circle cx="10.8" cy="10.8" r="6.3"/><path d="m15.5 15.5 5 5"/>',
    "send": '<path d="M20.5 3.5 3.5 10.5l7 3 3 7zM20.5 3.5l-10 10"/>',
    "settings": '<path d="M4 7.5h7M16 7.5h4M4 16.5h3M12 16.5h8"/><circle cx="13.5" cy="7.5" r="2.3"/>'
    '<circle cx="9.5" cy="16.5" r="2.3"/>',
    "shield": '<path d="M12 3.5 4.5 6v5.5c0 4.5 3 7.5 7.5 9 4.5-1.5 7.5-4.5 7.5-9V6zM8.8 12l2.3 2.3 4.2-4.4"/>',
    "sign-out": '<path d="M10 4.5H4.5v15H10M15 7.5l4.5 4.5-4.5 4.5M19.5 12H9.5"/>',
    "sitemap": '<path d="M9 3.5h6v5H9zM3.5 15.5h6v5h-6zM14.5 15.5h6v5h-6zM12 8.5V12M6.5 15.5V12h11v3.5"/>',
    "sort": '<path d="m8 9.5 4-4 4 4M8 14.5l4 4 4-4"/>',
    "sun": '<circle cx="12" cy="12" r="3.8"/><path d="M12 2.8v2M12 19.2v2M2.8 12h2M19.2 12h2M5.5 5.5l1.4 1.4'
    'M17.1 17.1l1.4 1.4M5.5 18.5l1.4-1.4M17.1 6.9l1.4-1.4"/>',
    "table": '<path d="M4 5h16v14H4zM4 9.7h16M4 14.3h16M10 9.7V19"/>',
    "tag": '<path d="M4 4.5h7.5l8.5 8.5-7 7L4.5 11.5zM8 8.2v.01"/>',
    "trash": '<path d="M4.5 6.5h15M9 6.5v-3h6v3M6.5 6.5l1 14h9l1-14M10 10.5v6M14 10.5v6"/>',
    "truck": '<path d="M2.5 6h11v11h-11zM13.5 10h4l3.5 3.5V17h-7.5"/><circle cx="7" cy="17.5" r="2"/>'
    '<circle cx="17" cy="17.5" r="2"/>',
    "undo": '<path d="M8.5 4.5 4 9l4.5 4.5M4 9h10a5.5 5.5 0 0 1 0 11H8"/>',
    "unlink": '<path d="M13 6.2l.5-.5a4 4 0 0 1 5.7 5.7l-1.2 1.1M11 17.8l-.5.5a4 4 0 0 1-5.7-5.7L6 11.5M4 4l16 16"/>',
    "upload": '<path d="M12 15.5v-11M7 9l5-5 5 5M4.5 20h15"/>',
    "user": '<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.6-4 3.5-6 7.5-6s6.9 2 7.5 6"/>',
    "users": '<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 20c.5-3.7 3-5.5 6.5-5.5s6 1.8 6.5 5.5'
    'M15.5 5.3a3.5 3.5 0 0 1 0 6.4M17.5 14.8c2.3.7 3.7 2.4 4 5.2"/>',
    "wallet": '<path d="M4 6.5h14.5v13H4zM4 6.5l11-3v3M18.5 11h-4a2 2 0 0 0 0 4.2h4"/>',
}


def icon_names() -> list[str]:
    return sorted(_SHAPES)


def icon_svg(name: str, label: str = "", css_class: str = "") -> SafeString:
    """The icon as inline SVG; hidden from screen readers unless `label` says what it means.

    Raises LookupError for a name that is not drawn.
    """
    if name not in _SHAPES:
        raise LookupError(f"No icon is called {name!r}; choose one of {', '.join(icon_names())}.")
    shape = mark_safe(_SHAPES[name])
    classes = f"icon {css_class}".strip()
    if label:
        return format_html(
            '<svg class="{}" viewBox="0 0 24 24" role="img" aria-label="{}">{}</svg>', classes, label, shape
        )
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" aria-hidden="true" focusable="false">{}</svg>', classes, shape
    )
