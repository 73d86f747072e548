from __future__ import annotations

from pathlib import Path

import pytest

from shd_relay.errors import SettingsError
from shd_relay.settings import (
    VARIABLES,
    Function,
    Settings,
    SqliteAddress,
    StoreAddress,
    TablestoreAddress,
    environment,
    load,
)

BASE = Path("/code")
MNS = {"MNS_ENDPOINT": "https://1234567890.mns.cn-hangzhou.aliyuncs.com"}
TABLESTORE = "tablestore://shd?endpoint=https://shd.cn-hangzhou.ots.aliyuncs.com"


def poll(**environ: str) -> Settings:
    return load(MNS | environ, function="poll", base=BASE)


def status(**environ: str) -> Settings:
    return load(environ, function="status", base=BASE)


def problems(environ: dict[str, str], function: Function = "poll") -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load((MNS if function == "poll" else {}) | environ, function=function, base=BASE)
    return caught.value.problems


def problem(**environ: str) -> str:
    (line,) = problems(environ)
    return line


def test_the_defaults_are_those_of_the_contract() -> None:
    assert poll() == Settings(
        function="poll",
        in_cloud=False,
        config_path=BASE / "config.yaml",
        products=None,
        regions=None,
        global_region="oo-region",
        store=SqliteAddress(Path("var/shd-relay.db")),
        interval_seconds=60,
        public_url=None,
        status_endpoint="https://status.aliyuncs.com",
        source="auto",
        witness=None,
        rate=5,
        rate_max=50,
        budget_seconds=None,
        lease_seconds=None,
        mns_endpoint=MNS["MNS_ENDPOINT"],
        mns_topic="service-health",
    )


def test_every_variable_of_the_contract_is_read() -> None:
    settings = poll(
        SHD_ENDPOINT="http://127.0.0.1:8080",
        SHD_SOURCE="in-progress",
        SHD_WITNESS="https://status.example.com/api?region={region}",
        SHD_CONFIG="/etc/relay.yaml",
        SHD_PRODUCTS="ecs, OSS",
        SHD_REGIONS="cn-hangzhou",
        SHD_GLOBAL_REGION="non-regional",
        SHD_STORE=TABLESTORE,
        SHD_INTERVAL_SECONDS="30",
        SHD_PUBLIC_URL="https://relay.example.com/health",
        SHD_RATE="2.5",
        SHD_RATE_MAX="10",
        SHD_BUDGET_SECONDS="50",
        SHD_LEASE_SECONDS="55",
        MNS_TOPIC="other-topic",
    )
    assert settings == Settings(
        function="poll",
        in_cloud=False,
        config_path=Path("/etc/relay.yaml"),
        products=("ecs", "OSS"),
        regions=("cn-hangzhou",),
        global_region="non-regional",
        store=TablestoreAddress(instance="shd", endpoint="https://shd.cn-hangzhou.ots.aliyuncs.com"),
        interval_seconds=30,
        public_url="https://relay.example.com/health",
        status_endpoint="http://127.0.0.1:8080",
        source="in-progress",
        witness="https://status.example.com/api?region={region}",
        rate=2.5,
        rate_max=10,
        budget_seconds=50,
        lease_seconds=55,
        mns_endpoint=MNS["MNS_ENDPOINT"],
        mns_topic="other-topic",
    )


def test_the_settings_of_this_process_are_read_from_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SHD_INTERVAL_SECONDS", "90")
    assert load(environment(), function="status", base=BASE).interval_seconds == 90


@pytest.mark.parametrize("name", sorted(VARIABLES - {"MNS_ENDPOINT"}))
def test_an_empty_variable_counts_as_unset(name: str) -> None:
    assert poll(**{name: ""}) == poll()


def test_an_unknown_variable_is_named_with_the_nearest_known_one() -> None:
    assert problem(SHD_PRODUCT="ecs") == "SHD_PRODUCT: unknown variable, did you mean SHD_PRODUCTS?"


def test_an_unknown_variable_that_is_near_to_none_is_named_alone() -> None:
    assert problem(SHD_XYZZY_QQ="1") == "SHD_XYZZY_QQ: unknown variable"


def test_our_prefix_before_a_variable_that_has_none_is_recognised() -> None:
    assert problem(SHD_MNS_ENDPOINT="x") == "SHD_MNS_ENDPOINT: unknown variable, did you mean MNS_ENDPOINT?"


def test_an_unknown_variable_stops_the_status_function_too() -> None:
    assert problems({"SHD_RAET": "1"}, "status") == ("SHD_RAET: unknown variable, did you mean SHD_RATE?",)


def test_variables_of_others_are_none_of_our_business() -> None:
    assert poll(PATH="/bin", ALIBABA_CLOUD_ACCESS_KEY_ID="x", MNS_OTHER="y") == poll()


def test_all_mistakes_come_at_once() -> None:
    found = problems({
        "MNS_ENDPOINT": "",
        "SHD_RATE": "fast",
        "SHD_STORE": "redis://x",
        "SHD_SPEED": "1",
        "SHD_ENDPOINT": "http://status.example.com",
        "SHD_ACCESS_KEY_ID": "id",
        "SHD_REGIONS": "cn hangzhou",
    })  # fmt: skip
    assert sorted(line.split(":")[0] for line in found) == [
        "MNS_ENDPOINT", "SHD_ACCESS_KEY_SECRET", "SHD_ENDPOINT", "SHD_RATE", "SHD_REGIONS", "SHD_SPEED", "SHD_STORE",
    ]  # fmt: skip


def test_status_ignores_what_only_poll_uses() -> None:
    ignored = {
        "SHD_ENDPOINT": "nonsense",
        "SHD_SOURCE": "in-progress",
        "SHD_RATE": "fast",
        "SHD_RATE_MAX": "-",
        "SHD_BUDGET_SECONDS": "0",
        "SHD_LEASE_SECONDS": "x",
        "SHD_ACCESS_KEY_ID": "id",
        "SHD_SECURITY_TOKEN": "t",
        "MNS_ENDPOINT": "x",
        "MNS_TOPIC": "a b",
    }
    assert status(**ignored) == status()
    assert status().mns_endpoint is None


def test_poll_says_what_the_mns_endpoint_looks_like_when_it_is_missing() -> None:
    assert problem(MNS_ENDPOINT="") == (
        "MNS_ENDPOINT: is required, as in https://ACCOUNT-ID.mns.REGION.aliyuncs.com"
    )  # fmt: skip


LOOPBACKS = ["http://127.0.0.1:1", "http://127.9.8.7", "http://[::1]:99", "http://localhost:5", "http://LOCALHOST"]
TABLESTORE_AT = "tablestore://shd?endpoint="


@pytest.mark.parametrize("url", LOOPBACKS)
def test_plain_http_is_accepted_for_a_loopback_host(url: str) -> None:
    settings = poll(SHD_ENDPOINT=url, MNS_ENDPOINT=url, SHD_STORE=TABLESTORE_AT + url, SHD_PUBLIC_URL=url)
    store = settings.store
    assert isinstance(store, TablestoreAddress)
    assert {settings.status_endpoint, settings.mns_endpoint, store.endpoint, settings.public_url} == {url.lower()}


FAR = [
    "http://status.aliyuncs.com",
    "http://127.0.0.1.example.com",
    "http://10.0.0.1",
    "http://[::2]",
    "http://localhost.example.com",
]


@pytest.mark.parametrize("url", FAR)
def test_plain_http_is_refused_for_any_other_host_and_every_endpoint(url: str) -> None:
    found = problems({
        "SHD_ENDPOINT": url,
        "MNS_ENDPOINT": url,
        "SHD_STORE": TABLESTORE_AT + url,
        "SHD_PUBLIC_URL": url,
    })  # fmt: skip
    assert len(found) == 4
    assert all("plain http is accepted for a loopback host only" in line for line in found)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("status.aliyuncs.com", "begins with https://"),
        ("ftp://status.aliyuncs.com", "begins with https://"),
        ("https://user:hunter2@status.aliyuncs.com", "user name or password"),
        ("https://status.aliyuncs.com/path", "no path"),
        ("https://status.aliyuncs.com?x=1", "query"),
        ("https://status.aliyuncs.com#x", "fragment"),
        ("https://", "must name a host"),
        ("https://a..b", "must name a host"),
        ("https://[::zz]", "must name a host"),
        ("https://[1:2]", "must name a host"),
        ("https://host:0", "port from 1 to 65535"),
        ("https://host:65536", "port from 1 to 65535"),
        ("https://ho\tst", "begins with https://"),
        ("https://höst", "begins with https://"),
        ("http://localhost\\@example.com", "user name or password"),
    ],
)
def test_an_endpoint_is_a_scheme_a_host_and_a_port_and_nothing_else(url: str, said: str) -> None:
    line = problem(SHD_ENDPOINT=url)
    assert line.startswith("SHD_ENDPOINT: ")
    assert said in line
    assert "hunter2" not in line


@pytest.mark.parametrize("url", ["HTTPS://Status.aliyuncs.com", "https://status.aliyuncs.com:443/"])
def test_an_endpoint_is_kept_in_its_plain_form(url: str) -> None:
    assert poll(SHD_ENDPOINT=url).status_endpoint == "https://status.aliyuncs.com"


def test_a_public_url_may_have_a_path_and_loses_its_trailing_slash() -> None:
    assert status(SHD_PUBLIC_URL="https://relay.example.com/health/").public_url == "https://relay.example.com/health"


@pytest.mark.parametrize("url", ["/health", "https://x/?a", 'https://x/"><script>', "https://x//y", "https://x/a b"])
def test_a_public_url_is_absolute_and_well_formed(url: str) -> None:
    assert problems({"SHD_PUBLIC_URL": url}, "status")[0].startswith("SHD_PUBLIC_URL: ")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("sqlite:///var/x.db", SqliteAddress(Path("var/x.db"))),
        ("sqlite:////srv/x.db", SqliteAddress(Path("/srv/x.db"))),
        (
            "tablestore://shd?endpoint=https%3A%2F%2Fa.b&prefix=test_",
            TablestoreAddress(instance="shd", endpoint="https://a.b", prefix="test_"),
        ),
        ("tablestore://shd/?endpoint=https://a.b", TablestoreAddress(instance="shd", endpoint="https://a.b")),
    ],
)
def test_a_store_is_an_address(text: str, address: StoreAddress) -> None:
    assert poll(SHD_STORE=text).store == address


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("var/x.db", "must be sqlite:///PATH or tablestore://"),
        ("mysql://user:hunter2@x", "must be sqlite:///PATH or tablestore://"),
        ("sqlite:", "must be sqlite:///PATH"),
        ("sqlite://var/x.db", "must name a file"),
        ("sqlite:///", "must name a file"),
        ("sqlite:///var/", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite:///x.db?mode=ro", "must name a file"),
        ("sqlite:///x\0.db", "printable"),
        ("tablestore://?endpoint=https://a.b", "must name an instance"),
        ("tablestore://id:hunter2@shd?endpoint=https://a.b", "must name an instance"),
        ("tablestore://shd", "needs an endpoint"),
        ("tablestore://shd?endpoint=", "needs an endpoint"),
        ("tablestore://shd?endpoint=https://id:hunter2@a.b", "the endpoint must not carry a user name"),
        ("tablestore://shd?endpoint=https://a.b&prefx=x_", "unknown option, did you mean prefix?"),
        ("tablestore://shd?endpoint=https://a.b&prefix=x-y", "prefix must be letters"),
        ("tablestore://shd?endpoint=https://a.b&prefix=", "prefix must be letters"),
        ("tablestore://shd?endpoint=https://a.b&endpoint=https://a.c", "an option twice"),
    ],
)
def test_a_store_that_is_no_address_is_refused(text: str, said: str) -> None:
    line = problem(SHD_STORE=text)
    assert line.startswith("SHD_STORE: ")
    assert said in line
    assert "hunter2" not in line


@pytest.mark.parametrize("store", ["", "sqlite:////tmp/x.db"])
def test_in_function_compute_a_sqlite_store_is_refused_because_it_would_forget(store: str) -> None:
    line = problem(FC_FUNCTION_NAME="shd-poll", SHD_STORE=store)
    assert line.startswith("SHD_STORE: ")
    assert "would forget" in line
    assert "tablestore://INSTANCE?endpoint=" in line


def test_in_function_compute_a_store_that_cannot_be_read_is_one_problem() -> None:
    assert "must be sqlite:///PATH" in problem(FC_FUNCTION_NAME="shd-poll", SHD_STORE="nonsense")


def test_in_function_compute_tablestore_is_accepted() -> None:
    assert poll(FC_FUNCTION_NAME="shd-poll", SHD_STORE=TABLESTORE).in_cloud


@pytest.mark.parametrize("name", ["SHD_INTERVAL_SECONDS", "SHD_BUDGET_SECONDS", "SHD_LEASE_SECONDS"])
@pytest.mark.parametrize("text", ["0", "-1", "86401", "nan", "inf", "1e3", "1_0", "60s", "٣"])
def test_seconds_are_plain_numbers_above_nothing_and_within_a_day(name: str, text: str) -> None:
    assert problem(**{name: text}).startswith(f"{name}: must be ")


def test_a_whole_day_is_the_longest_interval() -> None:
    assert poll(SHD_INTERVAL_SECONDS="86400").interval_seconds == 86_400


@pytest.mark.parametrize("text", ["0", "-5", "many", "9" * 400])
def test_a_rate_is_a_number_above_nothing(text: str) -> None:
    assert problem(SHD_RATE=text).startswith("SHD_RATE: must be ")


def test_a_ceiling_of_nothing_is_no_ceiling() -> None:
    assert poll(SHD_RATE="500", SHD_RATE_MAX="0").rate_max is None


def test_a_rate_above_its_ceiling_is_a_contradiction() -> None:
    assert problem(SHD_RATE="20", SHD_RATE_MAX="10") == (
        "SHD_RATE: 20 is above SHD_RATE_MAX, which is 10 (0 = no ceiling)"
    )  # fmt: skip


def test_a_rate_above_the_default_ceiling_is_a_contradiction_too() -> None:
    assert "which is 50 by default" in problem(SHD_RATE="60")


def test_a_ceiling_below_the_default_rate_lowers_that() -> None:
    settings = poll(SHD_RATE_MAX="2")
    assert (settings.rate, settings.rate_max) == (2, 2)


@pytest.mark.parametrize("text", [
    "http://status.example.com/", "status.example.com", "https://u:p@status.example.com/", "https://x.example/a b",
    "https://x.example/?q=<script>", "https://x.example/#/top", "https://x.example/{place}",
])  # fmt: skip
def test_a_witness_is_an_https_address(text: str) -> None:
    assert problem(SHD_WITNESS=text).startswith("SHD_WITNESS: ")


def test_a_witness_may_be_on_this_machine() -> None:
    assert poll(SHD_WITNESS="http://127.0.0.1:8080/api/{region}").witness == "http://127.0.0.1:8080/api/{region}"


def test_an_unknown_source_is_refused_with_the_choice() -> None:
    assert problem(SHD_SOURCE="rss") == "SHD_SOURCE: must be auto, list-events or in-progress, is 'rss'"


@pytest.mark.parametrize("text", ["a b", "a_b", "a" * 121, "tópico"])
def test_a_topic_has_a_name_that_mns_takes(text: str) -> None:
    assert problem(MNS_TOPIC=text).startswith("MNS_TOPIC: must be 1 to 120 letters, digits or '-'")


def test_a_list_of_all_is_the_catalogue() -> None:
    settings = poll(SHD_PRODUCTS="all", SHD_REGIONS="ALL")
    assert settings.products is not None
    assert settings.regions is not None
    assert (len(settings.products), len(settings.regions)) == (42, 35)


@pytest.mark.parametrize("text", ["ecs,,oss", ",", "ecs,ECS", "ecs,all", "e/s", "x" * 65])
def test_a_list_holds_ids_each_once(text: str) -> None:
    assert problem(SHD_PRODUCTS=text).startswith("SHD_PRODUCTS: ")


def test_the_region_of_services_without_one_is_an_id() -> None:
    assert problem(SHD_GLOBAL_REGION="a b").startswith("SHD_GLOBAL_REGION: ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SHD_ACCESS_KEY_ID"}, "SHD_ACCESS_KEY_SECRET: is not set, though SHD_ACCESS_KEY_ID is"),
        ({"SHD_ACCESS_KEY_SECRET"}, "SHD_ACCESS_KEY_ID: is not set, though SHD_ACCESS_KEY_SECRET is"),
        (
            {"SHD_SECURITY_TOKEN"},
            "SHD_SECURITY_TOKEN: is set without SHD_ACCESS_KEY_ID and SHD_ACCESS_KEY_SECRET",
        ),
    ],
)
def test_half_a_key_is_refused_without_repeating_it(given: set[str], said: str) -> None:
    assert problems(dict.fromkeys(given, "hunter2")) == (said,)


def test_no_key_is_in_the_settings() -> None:
    keys = {name: "hunter2" for name in VARIABLES if "KEY" in name or "TOKEN" in name}
    assert "hunter2" not in repr(poll(**keys))
    assert poll(**keys) == poll()


@pytest.mark.parametrize("name", sorted(VARIABLES - {"SHD_CONFIG", "SHD_ACCESS_KEY_ID", "SHD_ACCESS_KEY_SECRET"}))
def test_a_key_in_the_place_of_another_variable_is_not_repeated(name: str) -> None:
    secret = "LTAI5t" + "x" * 24 + "/+!"
    assert secret not in problem(**{name: secret})
