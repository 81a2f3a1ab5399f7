import ssl
from typing import Any

import pytest

from tests.clients.inbox import wait_for_mail
from tests.clients.nodemailer import nodemailer
from tests.clients.people import Person
from tests.serve.running import Running


def test_message_with_an_attachment_arrives_whole(
    server: Running, tls: ssl.SSLContext, person: Person, second_person: Person
) -> None:
    with nodemailer(server, person) as client:
        told = client.call(
            "sendMail",
            {
                "from": {"name": "Zoë", "address": person.address},
                "to": second_person.address,
                "bcc": person.address,
                "subject": "Grüße aus Köln",
                "text": "Grüße.\n.\n..",
                "attachments": [{"filename": "bericht ü.txt", "content": "eins\nzwei\n"}],
            },
        )
    assert sorted(told["accepted"]) == sorted([person.address, second_person.address])
    [message] = wait_for_mail(server, tls, second_person)
    assert message["Message-ID"] == told["messageId"]
    assert message["Bcc"] is None
    body, attachment = (part.get_payload(decode=True) for part in message.get_payload())  # type: ignore[union-attr]
    assert body.decode().splitlines() == ["Grüße.", ".", ".."]  # type: ignore[union-attr]
    assert attachment == b"eins\nzwei\n"
    [copy] = wait_for_mail(server, tls, person, "Sent")
    assert copy["Message-ID"] == told["messageId"]


@pytest.mark.parametrize(
    "options",
    [
        {"secure": False, "requireTLS": True},
        {"authMethod": "LOGIN"},
        {"pool": True, "maxConnections": 1},
    ],
    ids=["STARTTLS", "LOGIN", "a connection that is kept"],
)
def test_ways_to_connect(
    server: Running,
    tls: ssl.SSLContext,
    person: Person,
    second_person: Person,
    options: dict[str, Any],
) -> None:
    if options.get("secure") is False:
        options = options | {"port": server.ports["SUBMISSION"]}
    with nodemailer(server, person, **options) as client:
        for number in range(3):
            client.call(
                "sendMail",
                {
                    "from": person.address,
                    "to": second_person.address,
                    "subject": f"Number {number}",
                    "text": "Hello",
                },
            )
    found = wait_for_mail(server, tls, second_person, number=3)
    assert sorted(message["Subject"] for message in found) == ["Number 0", "Number 1", "Number 2"]


def test_refusals_are_told_one_by_one(
    server: Running, tls: ssl.SSLContext, person: Person, second_person: Person
) -> None:
    nobody = "nobody@example.test"
    with nodemailer(server, person) as client:
        message = {
            "from": person.address,
            "to": [second_person.address, nobody],
            "subject": "Half",
            "text": "Hello",
            "dsn": {"id": "some-id", "return": "headers", "notify": "success"},
        }
        told = client.call("sendMail", message)
        assert (told["accepted"], told["rejected"]) == ([second_person.address], [nobody])
        with pytest.raises(AssertionError, match=r"550 5\.1\.1"):
            client.call("sendMail", message | {"to": nobody})
    wait_for_mail(server, tls, second_person)
    [report] = wait_for_mail(server, tls, person)
    assert report.get_content_type() == "multipart/report"
    assert "Original-Envelope-Id: some-id" in report.as_string()
    assert "Action: delivered" in report.as_string()


def test_wrong_password_is_told(server: Running, person: Person) -> None:
    wrong = {"auth": {"user": person.address, "pass": "wrong"}}
    with (
        nodemailer(server, person, **wrong) as client,
        pytest.raises(AssertionError, match=r"EAUTH 535 5\.7\.8"),
    ):
        client.call("sendMail", {"from": person.address, "to": person.address, "text": "x"})
