"""Tables of a report in Markdown, as tests compare them."""

import re


def tables_after(text, heading):
    """Returns the tables between a heading and the next, each row a dictionary."""
    section = re.split(r"\n#+ ", text[text.index(f"{heading}\n") + len(heading) :])[0]
    tables = []
    for table in re.findall(r"(?:\|.*\n)+", section + "\n"):
        header, _, *rows = (
            [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in table.splitlines()
        )
        tables.append([dict(zip(header, row, strict=True)) for row in rows])
    return tables
