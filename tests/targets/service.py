"""service.py [WORK=2000]: an HTTP service, a thread for each connection, whose answers cost CPU time in
pure Python.

Truth: idle until asked. ``extra["port"]`` on 127.0.0.1; ``GET /`` answers a JSON object after summing WORK
records; ``requests``: answered so far (``server`` is blocked in ``poll``), ``handled_s``: in ``do_GET`` for so long
(CLOCK_MONOTONIC), ``longest_s``: at most.
"""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from common import Ready, Row, argument, run

RECORDS = [{"id": n, "value": n * 0.5} for n in range(argument(1, 2000))]
counting = threading.Lock()
rows: list[Row] = []


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        start = time.monotonic()
        total = sum(record["value"] for record in RECORDS if record["id"] % 3)
        body = json.dumps({"total": total, "records": RECORDS[:100]}).encode()
        with counting:
            rows[0][1] += 1
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        with counting:
            took_s = time.monotonic() - start
            rows[0][2] += took_s
            rows[0][3] = max(rows[0][3], took_s)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def serve(row: Row, ready: Ready) -> None:
    rows.append(row)
    ready()
    server.serve_forever()


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    run({"server": serve}, ["requests", "handled_s", "longest_s"], port=server.server_address[1])
