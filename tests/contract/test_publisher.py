"""Each sentence of ports.Publisher, over each publisher. A new one adds its line to `_PLACES`; the suite stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import pytest

from local.fakes.mns import LOCAL_KEY_ID, LOCAL_SECRET, Fault, MnsFake
from shd_relay import clock
from shd_relay.adapters.credentials import Credentials
from shd_relay.adapters.mns_topic import MnsPublisher
from shd_relay.errors import ContractError, MessageRefused, PublishUnavailable
from shd_relay.model import Message
from shd_relay.ports import Publisher
from tests.contract.sentences import proves

MESSAGE = Message(id="evt_1.1", tag="incident", body='{"title":"香港 <&> \\u2028 \\"quoted\\"","n":[1,null]}')
MESSAGES = [MESSAGE, Message(id="evt_3.1", tag="", body="1"), Message(id="evt_4.1", tag="notice", body="云" * 21_845)]
OTHER = Message(id="evt_2.1", tag="notice", body='{"title":"another"}')


@dataclass(frozen=True, kw_only=True)
class Place:
    """A topic behind a publisher: what it took, and ways to make it refuse."""

    publisher: Publisher
    accepted: Callable[[], list[tuple[str, str]]]
    break_down: Callable[[], None]
    lose_the_answer: Callable[[], None]
    refuse_the_message: Callable[[], None]
    refuse_them_all: Callable[[], None]
    mend: Callable[[], None]


@contextmanager
def _mns() -> Iterator[Place]:
    credentials = Credentials(access_key_id=LOCAL_KEY_ID, access_key_secret=LOCAL_SECRET)
    with MnsFake() as fake:
        fake.create_topic("service-health")
        publisher = MnsPublisher(
            fake.url, "service-health", credentials, deadline=clock.monotonic() + 30, pause=lambda _: None
        )
        yield Place(
            publisher=publisher,
            accepted=lambda: [(each.tag, each.body) for each in fake.published("service-health")],
            break_down=lambda: fake.fail(Fault.RESET_BEFORE, times=None),
            lose_the_answer=lambda: fake.fail(Fault.RESET_AFTER, times=None),
            refuse_the_message=lambda: fake.fail(
                Fault.INVALID_ARGUMENT, times=None, when=lambda call: call.body == MESSAGE.body
            ),
            refuse_them_all=lambda: fake.fail(Fault.ACCESS_DENIED, times=None),
            mend=fake.heal,
        )
        publisher.close()


_PLACES: dict[str, Callable[[], AbstractContextManager[Place]]] = {"mns": _mns}


@pytest.fixture(params=sorted(_PLACES))
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with _PLACES[request.param]() as made:
        yield made


@proves(Publisher.publish, "Returns once the topic has accepted the very bytes of the message.")
@pytest.mark.parametrize("message", MESSAGES, ids=["tricky", "one letter", "largest"])
def test_publish_returns_once_the_topic_has_accepted_the_very_bytes(place: Place, message: Message) -> None:
    place.publisher.publish(message)
    assert place.accepted() == [(message.tag, message.body)]


def test_messages_are_accepted_in_the_order_they_are_published(place: Place) -> None:
    for message in (MESSAGE, OTHER, MESSAGE):
        place.publisher.publish(message)
    assert [body for _, body in place.accepted()] == [MESSAGE.body, OTHER.body, MESSAGE.body]


@proves(Publisher.publish, "Raises PublishUnavailable when waiting may help;")
def test_unavailable_when_waiting_may_help_and_it_does(place: Place) -> None:
    place.break_down()
    with pytest.raises(PublishUnavailable) as caught:
        place.publisher.publish(MESSAGE)
    assert caught.value.code
    assert place.accepted() == []
    place.mend()
    place.publisher.publish(MESSAGE)
    assert place.accepted() == [(MESSAGE.tag, MESSAGE.body)]


@proves(Publisher.publish, "the message may have been accepted all the same.")
def test_unavailable_may_have_been_accepted_all_the_same(place: Place) -> None:
    place.lose_the_answer()
    with pytest.raises(PublishUnavailable):
        place.publisher.publish(MESSAGE)
    assert set(place.accepted()) == {(MESSAGE.tag, MESSAGE.body)}


@proves(Publisher.publish, "Raises MessageRefused when the topic refused this one message.")
def test_a_message_that_is_refused_leaves_the_others_alone(place: Place) -> None:
    place.refuse_the_message()
    with pytest.raises(MessageRefused) as caught:
        place.publisher.publish(MESSAGE)
    assert caught.value.code
    place.publisher.publish(OTHER)
    assert place.accepted() == [(OTHER.tag, OTHER.body)]


@proves(Publisher.publish, "Raises ContractError when it refuses them all until a person mends something.")
def test_a_refusal_of_all_is_a_contract_error_and_not_held_against_the_message(place: Place) -> None:
    place.refuse_them_all()
    for message in (MESSAGE, OTHER):
        with pytest.raises(ContractError) as caught:
            place.publisher.publish(message)
        assert not isinstance(caught.value, MessageRefused)
        assert caught.value.code
    assert place.accepted() == []
    place.mend()
    place.publisher.publish(MESSAGE)
    assert place.accepted() == [(MESSAGE.tag, MESSAGE.body)]
