"""A web server on loopback that tests fetch from."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Web:
    """A server on loopback; `pages` are what it answers, by path."""

    def __init__(self) -> None:
        self.pages: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.append((self.path, dict(self.headers)))
                web.pages[self.path](self)

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def page(self, path: str, data: bytes = b"", status: int = 200, **headers: str) -> str:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.end_headers()
            handler.wfile.write(data)

        self.pages[path] = answer
        return self.url + path


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[Web]:
    web = Web()
    if context is not None:
        web.server.socket = context.wrap_socket(web.server.socket, server_side=True)
        web.url = web.url.replace("http:", "https:")
    thread = threading.Thread(target=web.server.serve_forever, args=[0.01])
    thread.start()
    yield web
    web.server.shutdown()
    thread.join()
    web.server.server_close()
