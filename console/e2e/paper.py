"""What stands on the pages of printed papers: for each PDF the text of each page on one line, as JSON."""

import json
import sys

from pypdfium2 import PdfDocument

papers = [PdfDocument(path) for path in sys.argv[1:]]
print(json.dumps([[" ".join(page.get_textpage().get_text_range().split()) for page in paper] for paper in papers]))
