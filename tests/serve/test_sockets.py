import contextlib
import socket

from groupware.serve.sockets import KEEP_ALIVE, bind_sockets, close_sockets
from tests.serve.running import free_ports


def test_connections_of_the_web_are_asked_whether_their_peer_is_there() -> None:
    bound = bind_sockets("127.0.0.1", free_ports(), ["HTTP", "HTTPS", "IMAP"])
    with contextlib.ExitStack() as stack:
        stack.callback(close_sockets, bound)
        for name, (listening,) in bound.items():
            peer = stack.enter_context(socket.create_connection(listening.getsockname()))
            accepted, address = listening.accept()
            stack.enter_context(accepted)
            assert address == peer.getsockname()
            held = [accepted.getsockopt(level, option) for level, option, _ in KEEP_ALIVE]
            assert (held == [value for _, _, value in KEEP_ALIVE]) == (name != "IMAP")
