"""Small workbooks made by hand: XML in a zip, so that a test can say exactly what stands in a cell."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
FORMATS = ("General", "000000", "yyyy-mm-dd", '"E"0000', "#,##0.00")
"""The number formats that `Cell.style` points at."""


@dataclass(frozen=True)
class Cell:
    """A cell that is not plain text.  value: what is stored; kind: n, b, e, str (of a formula); style: its format."""

    value: str
    kind: str = "n"
    style: int = 0
    formula: str = ""


Row = Sequence[str | Cell | None]


def workbook(sheets: Mapping[str, Sequence[Row]], *, hidden: Sequence[str] = ()) -> bytes:
    """An .xlsx with these sheets; None leaves a cell out, text is text."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType='
        '"application/xml"/><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
        'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": _relations([("rId1", "officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_DOCUMENT}"><sheets>'
        + "".join(
            f'<sheet name={quoteattr(name)} sheetId="{number}" r:id="rId{number}"'
            f"{' state=' + chr(34) + 'hidden' + chr(34) if name in hidden else ''}/>"
            for number, name in enumerate(sheets, start=1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relations(
            [
                *((f"rId{n}", "worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)),
                ("rIdS", "styles", "styles.xml"),
            ]
        ),
        "xl/styles.xml": _styles(),
    }
    for number, rows in enumerate(sheets.values(), start=1):
        parts[f"xl/worksheets/sheet{number}.xml"] = sheet(rows)
    return zipped({name: (_HEAD + text).encode() for name, text in parts.items()})


def zipped(parts: Mapping[str, bytes]) -> bytes:
    """A zip of these parts."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return made.getvalue()


def sheet(rows: Sequence[Row]) -> str:
    """The XML of a sheet."""
    lines = [
        f'<row r="{number}">{"".join(_cell(cell, index, number) for index, cell in enumerate(row))}</row>'
        for number, row in enumerate(rows, start=1)
    ]
    return f'<worksheet xmlns="{_MAIN}"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def column(index: int) -> str:
    """The letters of a column: A, B ... Z, AA."""
    before, last = divmod(index, 26)
    return (column(before - 1) if before else "") + chr(65 + last)


def _cell(cell: str | Cell | None, index: int, number: int) -> str:
    place = f'r="{column(index)}{number}"'
    if cell is None:
        return ""
    if isinstance(cell, str):
        return f'<c {place} t="inlineStr"><is><t xml:space="preserve">{escape(cell)}</t></is></c>'
    formula = f"<f>{escape(cell.formula)}</f>" if cell.formula else ""
    return f'<c {place} t="{cell.kind}" s="{cell.style}">{formula}<v>{escape(cell.value)}</v></c>'


def _relations(found: Sequence[tuple[str, str, str]]) -> str:
    each = "".join(
        f'<Relationship Id="{name}" Type="{_DOCUMENT}/{kind}" Target="{target}"/>' for name, kind, target in found
    )
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{each}</Relationships>'


def _styles() -> str:
    formats = "".join(f'<numFmt numFmtId="{164 + n}" formatCode={quoteattr(f)}/>' for n, f in enumerate(FORMATS))
    cells = "".join(f'<xf numFmtId="{164 + n if n else 0}" applyNumberFormat="1"/>' for n in range(len(FORMATS)))
    return f'<styleSheet xmlns="{_MAIN}"><numFmts>{formats}</numFmts><cellXfs>{cells}</cellXfs></styleSheet>'
