"""Shuts the server down cleanly. Needs the Arkouda client; job.sh falls back to a signal."""

import os

import arkouda as ak

ak.connect(
    server=os.environ["ARKOUDA_ADDRESS"],
    port=int(os.environ["EXTERNAL_SERVICE_PORT"]),
    access_token=os.environ.get("ARKOUDA_SERVER_TOKEN"),
    timeout=20,
)
ak.shutdown()
