"""`keyturn serve`: runs the directory server."""

from pathlib import Path

import click

from keyturn.cli.directory.place import place_flags, place_of
from keyturn.cli.frame import Frame, pass_frame


@click.command()
@place_flags
@click.option("--host", default="", help="The address to listen on; else that of the settings (127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="The port; 0 takes a free one; else 8765.")
@click.option("--smtp", default="", metavar="HOST:PORT", help="The mail relay; without one, mail waits.")
@click.option("--base-url", default="", metavar="URL", help="What mailed links begin with; else our own address.")
@click.option("--i-am-behind-tls", "behind_tls", is_flag=True, help="A TLS proxy stands in front: other hosts may ask.")
@pass_frame
def serve(
    frame: Frame,
    data: Path | None,
    database: str,
    host: str,
    port: int | None,
    smtp: str,
    base_url: str,
    behind_tls: bool,
) -> None:
    """Run the directory server until it is told to stop (Ctrl-C, SIGTERM).

    \b
    Examples:
      keyturn serve --data ./directory
      keyturn serve --data ./directory --port 0 --smtp 127.0.0.1:2525
      keyturn serve --data ./directory --host 0.0.0.0 --i-am-behind-tls --base-url https://id.example.com

    Prints one line with its address when it is ready.  The log goes to stderr, one JSON object a line.
    """
    from keyturn.app.serving.mail import relay_of
    from keyturn.app.serving.server import Serving, run

    settings = frame.settings.serve
    serving = Serving(
        place_of(frame, data, database),
        host or settings.host,
        settings.port if port is None else port,
        relay_of(smtp or settings.smtp, sender=settings.mail_from),
        base_url or settings.public_url,
        behind_tls,
        settings.hosts,
        settings.proxies,
        settings.connections,
        settings.connections_each,
        settings.guesses_per_source,
        settings.mails_per_minute,
    )
    run(serving, lambda address: tell(frame, address))


def tell(frame: Frame, address: str) -> None:
    """Say that the server takes requests, on the one line that whoever started it waits for."""
    if frame.wants_json:
        frame.json({"address": address})
    else:
        frame.data(f"keyturn is ready on {address}")
