"""Runs IBM's own client, mas-devops, against a directory; started by the check, in the client's own environment.

Reads one JSON object on stdin, writes one on stdout.  The client is unmodified; what surrounds it in a cluster is
replaced: Kubernetes, which would hand out its secrets, and the network, where its three hosts would be.
"""

import base64
import json
import logging
import sys
from types import SimpleNamespace
from urllib.parse import urlsplit

import requests
from mas.devops import users

GIVEN = json.load(sys.stdin)
CALLS = []


class Network(requests.adapters.HTTPAdapter):
    """Leads every host of the cluster to our address, with the name that the client used in the Host header.

    It also plays the proxy that ends TLS: a client certificate, which is all that the client shows Manage at first,
    becomes the API key that the certificate stands for.
    """

    def send(self, request, **more):
        meant = urlsplit(request.url)
        request.headers["Host"] = meant.netloc
        request.url = GIVEN["address"] + request.url.split(meant.netloc, 1)[1]
        if more.pop("cert", None):
            request.headers["Authorization"] = requests.auth._basic_auth_str(GIVEN["key_id"], GIVEN["key_token"])
        response = super().send(request, **{**more, "verify": True})
        CALLS.append([meant.hostname.split(".")[0], request.method, urlsplit(request.url).path, response.status_code])
        return response


class Cluster:
    """The Kubernetes of the client: the secrets that its constructor and its calls read."""

    def __init__(self, client):
        self.resources = SimpleNamespace(get=lambda api_version, kind: self)

    def get(self, name, namespace):
        texts = {"username": GIVEN["user"], "password": GIVEN["password"]}
        texts |= dict.fromkeys(("ca.crt", "tls.crt", "tls.key"), "not used: the network is ours")
        return SimpleNamespace(data={key: base64.b64encode(text.encode()).decode() for key, text in texts.items()})


logging.basicConfig(level=logging.ERROR)
requests.Session.get_adapter = lambda self, url: Network()
users.DynamicClient = Cluster
client = users.MASUserUtils("inst1", "main", k8s_client=None, mas_version=GIVEN["version"])
result = client.create_initial_users_for_saas({"users": GIVEN["users"]})
json.dump({"result": result, "calls": CALLS}, sys.stdout)
