"""People with new passwords, and what a reader of PDF sees of them."""

import io
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pypdf import PdfReader

from keyturn.app.languages import languages
from keyturn.core.handout import Handed
from keyturn.core.secret import Secret
from keyturn.letters.book import Book, Form, Order, grouped, write
from keyturn.letters.sheet import Paper
from keyturn.letters.told import Told

PAGE = "https://login.example.com/"
PASSWORD = "Kt7-vqR_mWd2.xHa"
TOLD = Told("handout-r7f3k2a", datetime(2026, 11, 29, 9, tzinfo=UTC), languages(), {"there": PAGE})


ANYHOW = Order()


def person(
    row: int = 2,
    name: str = "Amal Haddad",
    password: str = PASSWORD,
    *,
    state: str = "changed",
    language: str = "",
    columns: Mapping[str, str] | None = None,
) -> Handed:
    """Somebody."""
    return Handed(
        row, f"u{row:03}", Secret(password), "there", state, name, language=language, columns=columns or {}
    )  # fmt: skip


def printed(
    people: Sequence[Handed],
    form: Form = Form.LETTERS,
    order: Order = ANYHOW,
    *,
    told: Told = TOLD,
    paper: Paper = Paper.A4,
) -> tuple[Book, PdfReader]:
    """What was written, and the file."""
    file = io.BytesIO()
    book = write(file, form, grouped(people, order), told, order=order, paper=paper)
    return book, PdfReader(file)


def texts(reader: PdfReader) -> list[str]:
    """What can be read on each sheet, without blanks: some readers see a gap where the eye sees none."""
    return [re.sub(r"\s", "", page.extract_text()) for page in reader.pages]
