"""python -m generations.sandbox: the sandbox on a port of its own."""

import argparse
import os
from pathlib import Path

import uvicorn

from generations.sandbox.app import create_app
from generations.sandbox.connections import CuttableProtocol

GRACE = 2  # seconds for calls in flight when asked to stop


def main() -> None:
    options = _parser().parse_args()
    uvicorn.run(
        create_app(options.book, options.delay, log_lag=options.log_lag),
        host=options.host,
        port=options.port,
        http=CuttableProtocol,
        proxy_headers=False,  # or a header could turn a stranger into a local client
        server_header=False,
        access_log=False,
        timeout_graceful_shutdown=GRACE,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m generations.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument(
        "--delay",
        type=_seconds,
        default=os.environ.get("SANDBOX_DELAY", "0"),
        help="seconds that each request takes (SANDBOX_DELAY)",
    )
    parser.add_argument(
        "--log-lag",
        type=_seconds,
        default=os.environ.get("SANDBOX_LOG_LAG", "0"),
        help="seconds until a request shows in the logs (SANDBOX_LOG_LAG)",
    )
    parser.add_argument(
        "--book",
        type=Path,
        default=os.environ.get("SANDBOX_BOOK") or None,
        help="file that keeps what was received and charged (SANDBOX_BOOK)",
    )
    return parser


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError("must be a number of seconds, 0 or more")
    return seconds


if __name__ == "__main__":
    main()
