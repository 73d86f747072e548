from __future__ import annotations

from types import SimpleNamespace

import pytest

from shd_relay.adapters.credentials import Credentials, for_source, from_context, redact
from shd_relay.errors import SettingsError

ENVIRON = {
    "ALIBABA_CLOUD_ACCESS_KEY_ID": "env-id",
    "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "env-secret",
    "ALIBABA_CLOUD_SECURITY_TOKEN": "env-token",
}
FROM_ENVIRON = Credentials(access_key_id="env-id", access_key_secret="env-secret", security_token="env-token")
SECRET = Credentials(access_key_id="LTAI5visible", access_key_secret="s3cr+t/==", security_token="CAIS/to+ken==")


def context(*given: object) -> SimpleNamespace:
    names = ("access_key_id", "access_key_secret", "security_token")
    return SimpleNamespace(credentials=SimpleNamespace(**dict(zip(names, given, strict=False))))


def test_the_context_wins_over_the_environment() -> None:
    expected = Credentials(access_key_id="id", access_key_secret="secret", security_token="token")
    assert from_context(context("id", "secret", "token"), ENVIRON) == expected


@pytest.mark.parametrize(
    "given",
    [
        None,
        object(),
        SimpleNamespace(credentials=None),
        context(),
        context("", "", ""),
        context("id", ""),
        context(None, None),
    ],
    ids=["none", "no field", "null", "no keys", "blank", "half", "null keys"],
)
def test_a_context_without_filled_credentials_leaves_it_to_the_environment(given: object) -> None:
    assert from_context(given, ENVIRON) == FROM_ENVIRON


def test_a_token_is_not_needed() -> None:
    assert from_context(context("id", "secret"), {}).security_token == ""
    assert from_context(context("id", "secret", None), {}).security_token == ""


def test_the_token_of_the_environment_is_not_mixed_with_keys_of_the_context() -> None:
    assert from_context(context("id", "secret"), ENVIRON).security_token == ""


def test_the_environment_is_read_at_each_call() -> None:
    environ = dict(ENVIRON)
    from_context(None, environ)
    environ["ALIBABA_CLOUD_ACCESS_KEY_ID"] = "rotated"
    assert from_context(None, environ).access_key_id == "rotated"


def test_white_space_around_a_key_is_no_part_of_it() -> None:
    environ = {name: f" {value}\n" for name, value in ENVIRON.items()}
    assert from_context(None, environ) == FROM_ENVIRON


def test_missing_variables_are_all_named() -> None:
    with pytest.raises(SettingsError) as caught:
        from_context(None, {"ALIBABA_CLOUD_ACCESS_KEY_SECRET": " "})
    assert [problem.split(":")[0] for problem in caught.value.problems] == [
        "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET",
    ]  # fmt: skip


def test_the_sources_own_keys_win_for_the_status_api() -> None:
    environ = {**ENVIRON, "SHD_ACCESS_KEY_ID": "shd-id", "SHD_ACCESS_KEY_SECRET": "shd-secret"}
    expected = Credentials(access_key_id="shd-id", access_key_secret="shd-secret")
    assert for_source(context("id", "secret", "token"), environ) == expected


def test_without_keys_of_its_own_the_source_uses_ours() -> None:
    assert for_source(context("id", "secret"), {"SHD_ACCESS_KEY_ID": ""}).access_key_id == "id"


@pytest.mark.parametrize(
    ("name", "missing"),
    [("SHD_ACCESS_KEY_ID", ["SHD_ACCESS_KEY_SECRET"]), ("SHD_ACCESS_KEY_SECRET", ["SHD_ACCESS_KEY_ID"]),
     ("SHD_SECURITY_TOKEN", ["SHD_ACCESS_KEY_ID", "SHD_ACCESS_KEY_SECRET"])],
)  # fmt: skip
def test_half_a_set_of_the_sources_own_keys_is_a_mistake(name: str, missing: list[str]) -> None:
    with pytest.raises(SettingsError) as caught:
        for_source(None, {**ENVIRON, name: "x"})
    assert [problem.split(":")[0] for problem in caught.value.problems] == missing


def test_no_repr_shows_a_secret() -> None:
    for text in (repr(SECRET), str(SECRET), f"{SECRET}", repr([SECRET]), repr(SECRET.__rich_repr__())):
        for secret in ("LTAI5visible", "s3cr+t", "CAIS"):
            assert secret not in text


@pytest.mark.parametrize(
    "text",
    [
        "GET https://host/?AccessKeyId=LTAI5visible&Signature=abc%3D&SecurityToken=CAIS%2Fto%2Bken%3D%3D failed",
        "to sign is:GET&%2F&AccessKeyId%3DLTAI5visible%26SecurityToken%3DCAIS%252Fto%252Bken%253D%253D%26x",
        "key LTAI5visible secret s3cr+t/== token CAIS/to+ken==",
        "SecurityToken=CAIS/to+ken==&Signature=abc",
        "Authorization: MNS LTAI5visible:abc",
        "{'AccessKeyId': 'LTAI5visible', 'x': 's3cr%2Bt%2F%3D%3D'}",
    ],
)
def test_a_hostile_text_is_redacted(text: str) -> None:
    shown = redact(text, SECRET)
    for secret in ("LTAI5visible", "abc", "s3cr", "CAIS", "ken"):
        assert secret not in shown.replace("Token", "").replace("token", "")


@pytest.mark.parametrize(
    "text",
    [
        "https://host/?AccessKeyId=UNKNOWN&Signature=UNKNOWN",
        "AccessKeyId=UNKNOWN, Signature=UNKNOWN",
        "SecurityToken%3DUNKNOWN%26SignatureNonce%3DUNKNOWN",
        "Authorization: MNS UNKNOWN:UNKNOWN",
        "access_key_secret=UNKNOWN",
    ],
)
def test_keys_are_redacted_by_the_names_they_go_by_even_when_they_are_not_ours(text: str) -> None:
    assert "UNKNOWN" not in redact(text)


def test_what_is_no_secret_stays_readable() -> None:
    assert (
        redact("is it down? yes: Connection refused (Errno 111)", SECRET)
        == "is it down? yes: Connection refused (Errno 111)"
    )


def test_a_redacted_text_is_one_short_line() -> None:
    shown = redact("a\r\nb\t" + "x" * 1000)
    assert shown.startswith("a b xxx")
    assert len(shown) == 300


@pytest.mark.parametrize("odd", ["to\nken", "q w", "\u00e9", "x\x00"])
def test_a_broken_paste_is_named_and_never_shown(odd: str) -> None:
    held = SimpleNamespace(access_key_id="LTAI", access_key_secret="secret", security_token=odd)
    with pytest.raises(SettingsError) as refusal:
        from_context(SimpleNamespace(credentials=held), {})
    [line] = refusal.value.problems
    assert line.startswith("context.credentials.security_token: ")
    assert odd not in line
    with pytest.raises(SettingsError, match="ALIBABA_CLOUD_ACCESS_KEY_SECRET: holds"):
        from_context(None, {"ALIBABA_CLOUD_ACCESS_KEY_ID": "LTAI", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": odd})


def test_a_key_so_short_that_it_stands_in_every_word_is_not_looked_for() -> None:
    short = Credentials(access_key_id="a", access_key_secret="longer-than-that")
    assert redact("a failure of longer-than-that", short) == "a failure of ***"
