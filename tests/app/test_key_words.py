"""How keys are shown to whoever made them: by the words of the vendor."""

from keyturn.app.dialects import DIALECTS, OWN_KEYS, Keys


def test_a_key_is_an_id_and_a_token() -> None:
    assert OWN_KEYS.shown("a-1", "s") == {"id": "a-1", "token": "s"}
    assert DIALECTS["uipath"].keys.shown("a-1", "s") == {"client_id": "a-1", "client_secret": "s"}


def test_a_token_that_stands_alone_holds_its_id() -> None:
    """So that whoever carries it need say nothing else; what is behind the last dot is the secret."""
    shown = Keys(pair=("", "token")).shown("a-acme.eu-1", "s_e-cret")
    assert shown == {"token": "a-acme.eu-1.s_e-cret"}
    assert shown["token"].rpartition(".")[::2] == ("a-acme.eu-1", "s_e-cret")
