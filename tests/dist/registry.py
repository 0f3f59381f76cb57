"""A registry for images, as much of one as a push and a pull need, that keeps all in memory."""

import contextlib
import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        whole = b""
        while size := int(self.rfile.readline(), 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole

    def do_GET(self):
        kind, _, name = self.path.rpartition("/")
        kept = self.server.kept.get(name)
        if self.path == "/v2/":
            self.answer(200)
        elif kept is None or not kind.endswith(("/blobs", "/manifests")):
            self.answer(404)
        else:
            content, media_type = kept
            digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
            self.answer(200, content, Content_Type=media_type, Docker_Content_Digest=digest)

    do_HEAD = do_GET

    def do_POST(self):
        self.body()
        self.server.upload = b""
        self.answer(202, Location=f"{self.path.rstrip('/')}/1")

    def do_PATCH(self):
        self.server.upload += self.body()
        self.answer(202, Location=self.path, Range=f"0-{len(self.server.upload) - 1}")

    def do_PUT(self):
        content = self.body()
        name = self.path.rpartition("/")[2]
        if "/uploads/" in self.path:
            content = self.server.upload + content
            name = parse_qs(urlparse(self.path).query)["digest"][0]
        media_type = self.headers.get("Content-Type", "application/octet-stream")
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.server.kept[name] = self.server.kept[digest] = content, media_type
        self.answer(201, Docker_Content_Digest=digest)


@contextlib.contextmanager
def registry():
    """(its address, {tag or digest: (content, media type)} of what has been pushed)."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.kept, server.upload = {}, b""
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}", server.kept
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
