"""Serves, calls itself, and follows every rotation of its folder."""

import threading
import time

from fastapi import FastAPI, Request

from sentinel_common.clients.httpx import mtls_client
from sentinel_common.mtls import mtls_config_from_env, peer_of
from sentinel_common.servers.uvicorn import serve

app, config = FastAPI(), mtls_config_from_env()


@app.get("/")
def who(request: Request):
    return peer_of(request).spiffe_id


def call_for_ever():
    with mtls_client(config) as client:
        while True:
            print(client.get("https://localhost:8443/").text, flush=True)
            time.sleep(0.2)


threading.Thread(target=lambda: time.sleep(1) or call_for_ever(), daemon=True).start()
serve(app, config=config, host="127.0.0.1", port=8443, health_port=8081)
