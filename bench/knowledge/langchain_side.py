"""The peer's side of `ingest.py`, run in an environment of its own: LangChain's loaders and splitter, our embedder.

    python langchain_side.py FILES.txt MODEL_FOLDER

It reads, cuts, embeds and keeps the vectors in memory, one file after another in one process: no jail, no database.
"""

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

from langchain_community.document_loaders import BSHTMLLoader, CSVLoader, Docx2txtLoader, PyPDFLoader, TextLoader
from langchain_text_splitters import RecursiveCharacterTextSplitter

from auricle.providers.vendors.offline.embedding import OfflineEmbedder

LOADERS = {
    ".txt": lambda path: TextLoader(path, encoding="utf-8"),
    ".md": lambda path: TextLoader(path, encoding="utf-8"),
    ".html": lambda path: BSHTMLLoader(path, open_encoding="utf-8", bs_kwargs={"features": "html.parser"}),
    ".docx": Docx2txtLoader,
    ".csv": CSVLoader,
    ".pdf": PyPDFLoader,
}
BATCH = 32


def used_s() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


async def main(listed: Path, models: Path) -> None:
    embedder = OfflineEmbedder(models)
    await embedder.warm()
    splitter = RecursiveCharacterTextSplitter(chunk_size=600, chunk_overlap=60)
    kept, chunks, characters, reading_s = [], 0, 0, 0.0
    began, cpu = time.perf_counter(), used_s()
    for name in listed.read_text().split("\n"):
        before = used_s()
        pieces = splitter.split_documents(LOADERS[Path(name).suffix](name).load())
        reading_s += used_s() - before
        texts = [piece.page_content for piece in pieces]
        for begin in range(0, len(texts), BATCH):
            kept.append((await embedder.embed(texts[begin : begin + BATCH], task="document")).vectors)
        chunks += len(texts)
        characters += sum(map(len, texts))
    told = {
        "wall_s": time.perf_counter() - began, "cpu_s": used_s() - cpu, "reading_s": reading_s,
        "chunks": chunks, "characters": characters,
    }  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
