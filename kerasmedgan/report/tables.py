"""Report, pieces of Markdown: tables, lists, numbers and names that are safe to print."""

from collections.abc import Iterable, Mapping, Sequence

# Class names are folder names and may hold what Markdown takes for its own.
_ESCAPES = str.maketrans({"|": "\\|", "<": "&lt;", "\n": " "})


def escape(text: object) -> str:
    """Returns text whose characters Markdown does not take for its own."""
    return str(text).translate(_ESCAPES)


def format_table(header: Sequence[str], rows: Iterable[Sequence], *, numbers: bool = True) -> str:
    """Lays out a table, every cell escaped; all but the first column to the right if numbers."""
    rule = "---:" if numbers else "---"
    lines = [header, ["---", *[rule] * (len(header) - 1)], *rows]
    cells = ([escape(cell) for cell in line] for line in lines)
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def format_list(items: Iterable[str]) -> str:
    """Lays out a list with one line an item."""
    return "\n".join(f"- {item}" for item in items)


def format_counts(counts: Mapping[str, int]) -> str:
    """Writes the number of images, or of patients, of each class."""
    return ", ".join(f"{count} {escape(name)}" for name, count in counts.items())


def format_names(names: Iterable[object], *, code: bool = True) -> str:
    """Joins names with commas and a last "and", as code or as plain escaped text."""
    *first, last = (f"`{name}`" if code else escape(name) for name in names)
    return f"{', '.join(first)} and {last}" if first else last


def format_p_value(p_value: float | None) -> str:
    """Writes a p-value with three decimals; smaller ones as "<0.001"; none as a dash."""
    if p_value is None:
        return "-"
    return "<0.001" if p_value < 0.0005 else f"{p_value:.3f}"
