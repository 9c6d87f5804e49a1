"""DOCX files made by hand, part by part."""

import io
import zipfile
from xml.sax.saxutils import escape

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"


def docx_of(body: str, *, styles: str = "", main: str = MAIN, **parts: str) -> bytes:
    """A DOCX whose document holds these elements. `parts`: more parts of `word/`, without their `.xml`."""
    named = {
        "[Content_Types].xml": types(main),
        "word/document.xml": f'<w:document xmlns:w="{W}" xmlns:mc="{MC}"><w:body>{body}</w:body></w:document>',
        "word/styles.xml": f'<w:styles xmlns:w="{W}">{styles}</w:styles>',
        **{f"word/{name}.xml": f'<w:{name} xmlns:w="{W}">{held}</w:{name}>' for name, held in parts.items()},
    }
    return zipped(named)


def types(main: str = MAIN, more: str = "") -> str:
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/word/document.xml" ContentType="{main}"/>{more}</Types>'
    )


def zipped(parts: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, held in parts.items():
            archive.writestr(name, held)
    return out.getvalue()


def p(text: str, properties: str = "", run: str = "") -> str:
    """A paragraph of one run."""
    return f"<w:p><w:pPr>{properties}</w:pPr>{r(text, run)}</w:p>"


def r(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def h(text: str) -> str:
    return p(text, '<w:outlineLvl w:val="0"/>')


def table(*rows: tuple[str, ...], header: bool = False, cell: str = "", run: str = "") -> str:
    """Rows of cells, each with these properties."""
    mark = "<w:trPr><w:tblHeader/></w:trPr>" if header else ""
    told = ""
    for number, row in enumerate(rows):
        cells = "".join(f"<w:tc><w:tcPr>{cell}</w:tcPr>{p(text, run=run)}</w:tc>" for text in row)
        told += f"<w:tr>{'' if number else mark}{cells}</w:tr>"
    return f"<w:tbl>{told}</w:tbl>"
