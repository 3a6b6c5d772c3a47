"""What `bench http` compares with: Bottle's hello on pywsgi as they come, only without Nagle's delay."""

import socket

import bottle
from gevent.pywsgi import WSGIServer
from gevent.socket import socket as Socket  # noqa: N812 -- the class


def main() -> None:
    """Print the port, then serve until ended."""
    app = bottle.Bottle()
    app.get("/", callback=lambda: "hello")
    listener = Socket()
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.bind(("127.0.0.1", 0))
    listener.listen(1024)
    print(listener.getsockname()[1], flush=True)
    WSGIServer(listener, app).serve_forever()


if __name__ == "__main__":
    main()
