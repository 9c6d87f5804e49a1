"""A note as a Word document (Office Open XML), written by hand: five small parts in a zip.

Word shapes the scripts itself; it must be told which runs are complex script. Nirmala UI, for those, comes with Windows
and has all of India's; where it is absent Word takes what there is for the run's language.
"""

import io
import zipfile
from collections.abc import Iterator
from xml.sax.saxutils import escape

from auricle.notes.export.blocks import Block, Look, blocks, footer
from auricle.notes.export.document import Document
from auricle.notes.export.scripts import runs

MAIN = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'

STYLES: dict[Look, str] = {
    "title": "Title",
    "banner": "Banner",
    "fact": "Fact",
    "heading": "Heading1",
    "statement": "ListBullet",
    "quote": "Quote",
    "plain": "Normal",
}


def docx(document: Document) -> bytes:
    parts = {
        "[Content_Types].xml": content_types(),
        "_rels/.rels": relations(("officeDocument", "word/document.xml")),
        "word/document.xml": body(blocks(document)),
        "word/styles.xml": styles(),
        "word/footer1.xml": page_footer(footer(document)),
        "word/_rels/document.xml.rels": relations(("styles", "styles.xml"), ("footer", "footer1.xml")),
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, xml in parts.items():
            archive.writestr(name, HEAD + xml)
    return made.getvalue()


def body(told: list[Block]) -> str:
    page = '<w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134"'
    page += ' w:header="567" w:footer="567" w:gutter="0"/>'
    section = f'<w:sectPr><w:footerReference w:type="default" r:id="rId2"/>{page}</w:sectPr>'
    paragraphs = "".join(map(paragraph, told))
    return f'<w:document xmlns:w="{MAIN}" xmlns:r="{RELATIONS}"><w:body>{paragraphs}{section}</w:body></w:document>'


def paragraph(block: Block) -> str:
    lead = "".join(run(block.lead + " ", bold=True)) if block.lead else ""
    return f'<w:p><w:pPr><w:pStyle w:val="{STYLES[block.look]}"/></w:pPr>{lead}{"".join(run(block.text))}</w:p>'


def run(text: str, *, bold: bool = False) -> Iterator[str]:
    """One `w:r` for each script. `w:cs` has Word shape a run as complex script; its language picks the font."""
    for script, stretch in runs(text):
        heavy = "<w:b/><w:bCs/>" if bold else ""
        complex_script = f'<w:cs/><w:lang w:bidi="{script.language}-IN"/>' if script.complex else ""
        # The schema holds these to an order: b, bCs, cs, lang.
        yield f"<w:r><w:rPr>{heavy}{complex_script}</w:rPr>"
        yield f'<w:t xml:space="preserve">{escape(stretch)}</w:t></w:r>'


def styles() -> str:
    fonts = '<w:rFonts w:ascii="Noto Sans" w:hAnsi="Noto Sans" w:cs="Nirmala UI"/>'
    base = (
        f'<w:rPrDefault><w:rPr>{fonts}<w:sz w:val="20"/><w:szCs w:val="20"/><w:lang w:val="en"/></w:rPr></w:rPrDefault>'
    )
    return f'<w:styles xmlns:w="{MAIN}"><w:docDefaults>{base}</w:docDefaults>{"".join(LOOKS)}</w:styles>'


def style(name: str, paragraph: str, size: int, run: str = "") -> str:
    default = ' w:default="1"' if name == "Normal" else ""
    shown = {"Heading1": "heading 1", "ListBullet": "List Bullet"}.get(name, name)
    return (
        f'<w:style w:type="paragraph"{default} w:styleId="{name}"><w:name w:val="{shown}"/><w:qFormat/>'
        f'<w:pPr>{paragraph}</w:pPr><w:rPr>{run}<w:sz w:val="{size}"/><w:szCs w:val="{size}"/></w:rPr></w:style>'
    )


BOLD = "<w:b/><w:bCs/>"
LOOKS = (
    style("Normal", '<w:spacing w:after="80"/>', 20),
    style("Title", '<w:spacing w:after="120"/>', 36, BOLD),
    style("Banner", '<w:spacing w:after="160"/>', 24, f'{BOLD}<w:color w:val="B00020"/>'),
    style("Fact", '<w:spacing w:after="20"/>', 18),
    style("Heading1", '<w:keepNext/><w:spacing w:before="240" w:after="80"/><w:outlineLvl w:val="0"/>', 26, BOLD),
    style("ListBullet", '<w:spacing w:before="60" w:after="20"/><w:ind w:left="200"/>', 20),
    style("Quote", '<w:spacing w:after="20"/><w:ind w:left="600"/>', 17, '<w:color w:val="555555"/>'),
)


def page_footer(text: str) -> str:
    words = [*run(text), *run(" · page "), field("PAGE"), *run(" of "), field("NUMPAGES")]
    return f'<w:ftr xmlns:w="{MAIN}"><w:p><w:pPr><w:pStyle w:val="Fact"/></w:pPr>{"".join(words)}</w:p></w:ftr>'


def field(name: str) -> str:
    return f'<w:fldSimple w:instr="{name}"><w:r><w:t>1</w:t></w:r></w:fldSimple>'


def relations(*told: tuple[str, str]) -> str:
    found = "".join(
        f'<Relationship Id="rId{n}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for n, (kind, target) in enumerate(told, start=1)
    )
    return f'<Relationships xmlns="{PACKAGE}/relationships">{found}</Relationships>'


def content_types() -> str:
    parts = {"document": f"{WORD}.document.main+xml", "styles": f"{WORD}.styles+xml", "footer1": f"{WORD}.footer+xml"}
    overrides = "".join(f'<Override PartName="/word/{n}.xml" ContentType="{t}"/>' for n, t in parts.items())
    return (
        f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}</Types>'
    )
