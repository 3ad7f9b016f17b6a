"""Letters: the same bytes for the same mail, safe in every header, and showing each word once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keyturn.app.languages import languages
from keyturn.core.errors import ConfigError
from keyturn.core.outbox import Mail
from keyturn.core.secret import Secret
from keyturn.mail.letter import Stationery, flaw, wire_address

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
MAIL = Mail(
    id="0123456789abcdef", tenant=1, uid="uid-1", template="secret", recipient="amal@example.org", login="amal",
    name="Amal Haddad", language="en", operation="operation-1", derive_id="key", created=NOW, not_before=NOW,
    expires=NOW + timedelta(hours=24),
)  # fmt: skip
CONTENT = Secret("WORD1-WORD-WORD-WORD-WORD-WORD2")
STATIONERY = Stationery("keyturn@id.example.org", "https://id.example.org/", languages())


def letter(mail: Mail = MAIL, content: Secret | None = CONTENT) -> EmailMessage:
    """A letter as its reader's program sees it."""
    message = message_from_bytes(STATIONERY.write(mail, content), policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def texts(message: EmailMessage) -> tuple[str, str]:
    """Its plain text and its HTML."""
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


@pytest.mark.proves("ML-7")
@pytest.mark.parametrize("template", ["secret", "link", "value", "notice", "address", "factor"])
def test_the_same_mail_is_the_same_bytes_on_any_day(template: str) -> None:
    mail = replace(MAIL, template=template, name="Zoë", state="sending", attempts=3)
    again = Stationery("keyturn@id.example.org", "https://id.example.org", languages())
    assert STATIONERY.write(mail, CONTENT) == again.write(replace(mail, attempts=0, not_before=mail.expires), CONTENT)


def test_the_headers_follow_from_the_mail() -> None:
    message = letter()
    assert message["Message-ID"] == "<0123456789abcdef@id.example.org>"
    assert message["Date"] == "Sat, 21 Nov 2026 12:00:00 +0000"
    assert message["To"] == "amal@example.org"
    assert message["From"] == "keyturn@id.example.org"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Subject"] == "Your one-time password"
    assert message.get_boundary() == "=_0123456789abcdef"
    assert not message.defects


def test_a_one_time_secret_comes_with_all_that_one_needs_to_use_it() -> None:
    for text in texts(letter()):
        for word in ("Amal Haddad", "amal", CONTENT.reveal(), "22 November 2026, 12:00 UTC", "https://id.example.org/"):
            assert word in text
        assert "If you did not expect this" in text


def test_a_link_leads_to_the_claim_page_of_the_configured_address() -> None:
    for text in texts(letter(replace(MAIL, template="link"), Secret("token-in_the-path"))):
        assert "https://id.example.org/claim/token-in_the-path" in text


def test_a_known_value_is_shown_as_it_is() -> None:
    value = Secret('<b>&"quoted" schön')
    plain, html = texts(letter(replace(MAIL, template="value"), value))
    assert value.reveal() in plain
    assert "&lt;b&gt;&amp;&#34;quoted&#34; schön" in html


@pytest.mark.proves("ML-4")
def test_a_notice_holds_no_secret_and_no_link() -> None:
    for text in texts(letter(replace(MAIL, template="notice"), None)):
        assert "was reset" in text
        assert "21 November 2026, 12:00 UTC" in text
        assert "id.example.org" not in text


def test_a_very_long_line_is_folded_for_the_wire_and_whole_for_the_reader() -> None:
    mail = replace(MAIL, name="A" * 3000)
    assert max(map(len, STATIONERY.write(mail, CONTENT).split(b"\r\n"))) < 998
    assert "A" * 3000 in texts(letter(mail))[0]


@pytest.mark.parametrize("sender", ["", "keyturn", "a@b.org, c@d.org", "a@b.org\r\nBcc: eve@example.org"])
def test_letters_come_from_an_address_or_not_at_all(sender: str) -> None:
    with pytest.raises(ConfigError, match="cannot come from"):
        Stationery(sender, "https://id.example.org", languages())


def test_who_has_no_name_is_greeted_by_the_sign_in_name() -> None:
    assert "Hello amal," in texts(letter(replace(MAIL, name="")))[0]


def test_a_name_cannot_bring_its_own_html() -> None:
    assert "<script>" not in texts(letter(replace(MAIL, name="<script>alert(1)</script>")))[1]


@pytest.mark.proves("ML-5", "V1.3.11")
@pytest.mark.parametrize("char", ["\r", "\n", "\0", "\v", "\f", "\x1c", "\x7f", "\x85", "\u2028", "\u2029", "\ud800"])
@pytest.mark.parametrize("part", ["recipient", "login", "name"])
def test_a_control_character_is_a_flaw_wherever_it_stands(char: str, part: str) -> None:
    hostile = f"amal{char}Bcc: eve@example.org"
    mails = {
        "recipient": replace(MAIL, recipient=hostile),
        "login": replace(MAIL, login=hostile),
        "name": replace(MAIL, name=hostile),
    }
    assert "control character" in flaw(mails[part])


@pytest.mark.parametrize(
    "address",
    ["", "amal", "@example.org", "amal@", "a b@example.org", "amal@exa mple.org", "amal@example..org",
     "a@b@example.org", "amal@example.org, eve@example.org", "<amal@example.org>", '"a"@example.org',
     "müller@example.org", "a" * 250 + "@b.org", "amal@" + "ü" * 70 + ".org", "amal@.org"],
)  # fmt: skip
def test_what_is_no_address_is_a_flaw(address: str) -> None:
    assert "not an address" in flaw(replace(MAIL, recipient=address))


@pytest.mark.parametrize(
    ("address", "wire"),
    [("amal@example.org", "amal@example.org"), ("a+b.c-d_e@x.com", "a+b.c-d_e@x.com"),
     ("root@localhost", "root@localhost"),
     ("o'hara@example.org", "o'hara@example.org"), ("amal@bücher.example", "amal@xn--bcher-kva.example")],
)  # fmt: skip
def test_an_address_goes_over_the_wire_in_ascii(address: str, wire: str) -> None:
    assert wire_address(address) == wire
    assert flaw(replace(MAIL, recipient=address)) == ""
    assert letter(replace(MAIL, recipient=address))["To"] == wire


@pytest.mark.proves("ML-5")
@given(st.text(), st.text(), st.text())
def test_whatever_has_no_flaw_makes_one_clean_letter(recipient: str, login: str, name: str) -> None:
    mail = replace(MAIL, recipient=f"{recipient}@example.org", login=login, name=name)
    if flaw(mail):
        return
    message = letter(mail)
    assert not message.defects
    assert message["Bcc"] is None
    assert len(message.get_all("To") or []) == 1
    assert login in texts(message)[0] or login.strip() != login


GREETING = {
    "en": ("Hello Amal Haddad,", "Your one-time password", "22 November 2026, 12:00 UTC"),
    "de": ("Guten Tag Amal Haddad,", "Ihr Einmalpasswort", "22. November 2026, 12:00 UTC"),
    "es": ("Hola, Amal Haddad:", "Su contraseña de un solo uso", "22 de noviembre de 2026, 12:00 UTC"),
    "fr": ("Bonjour Amal Haddad,", "Votre mot de passe à usage unique", "22 novembre 2026, 12:00 UTC"),
    "ja": ("Amal Haddad 様", "ワンタイムパスワードのお知らせ", "2026年11月22日 12:00 UTC"),
}


@pytest.mark.parametrize("tag", sorted(GREETING))
@pytest.mark.parametrize("template", ["secret", "link", "value", "notice", "address", "factor"])
def test_a_letter_is_wholly_in_the_language_of_its_reader(tag: str, template: str) -> None:
    greeting, subject, until = GREETING[tag]
    message = letter(replace(MAIL, template=template, language=f"{tag}-XX"))
    assert not message.defects
    if template == "secret":
        assert message["Subject"] == subject
    plain, html = texts(message)
    assert greeting in plain
    assert greeting in html
    assert f'<html lang="{tag}">' in html
    assert ("If you did not expect this" in plain) == (tag == "en")
    if template not in ("notice", "address", "factor"):
        assert until in plain
        assert until in html
        assert (f"?lang={tag}" in plain) == (tag != "en"), "the page is then in the language of the letter"
    long = [line for line in plain.splitlines() if len(line) > 76 and " " in line.strip()]
    assert long == [], "lines are folded for those who read plain text"


@pytest.mark.proves("V1.3.7", "V1.3.10")
def test_names_are_words_and_never_part_of_a_template() -> None:
    """Neither Jinja nor the percent signs of gettext look into what a user is called."""
    name = "{{7*7}} %(login)s %s {0.__class__}"
    plain, html = texts(letter(replace(MAIL, name=name, language="de")))
    assert f"Guten Tag {name}," in plain
    assert f"Guten Tag {name}," in html
