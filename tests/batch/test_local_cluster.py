"""The cluster that a run makes for itself lets nobody else in."""

import asyncio
import socket
import ssl

import pytest

psutil = pytest.importorskip("psutil")
distributed = pytest.importorskip("distributed")
pytest.importorskip("cryptography")


@pytest.fixture(scope="module")
def listening():
    """Addresses at which the processes of a local cluster listen, those of the scheduler and the worker among them."""
    from vaeedit.batch.local_cluster import local_client

    before = sockets()
    with local_client(1) as client:
        found = sockets() - before
        info = client.scheduler_info()
        told = {info["address"], *info["workers"], *(worker["nanny"] for worker in info["workers"].values())}
        assert {int(address.rpartition(":")[2]) for address in told} <= {port for _, port in found}
        yield found


def sockets():
    this = psutil.Process()
    return {
        tuple(found.laddr)
        for process in (this, *this.children(recursive=True))
        for found in process.net_connections("inet")
        if found.status == psutil.CONN_LISTEN
    }


def test_it_listens_on_this_machine_only(listening):
    assert {host for host, _ in listening} == {"127.0.0.1"}


def test_who_speaks_no_tls_or_has_no_certificate_hears_nothing(listening):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for address in listening:
        assert heard(address, lambda raw: raw) == b""
        assert heard(address, context.wrap_socket) == b""


def heard(address, wrapped):
    """What the other side says to a question in the protocol of Dask before it closes."""
    with socket.create_connection(address, timeout=30) as raw:
        try:
            connection = wrapped(raw)
            connection.sendall(b"\x01" + bytes(15) + b"ping")
            return connection.recv(100)
        except (ssl.SSLError, ConnectionError):
            return b""


@pytest.mark.parametrize("has_certificate", [False, True], ids=["no certificate", "another certificate"])
def test_clients_of_dask_are_refused(listening, has_certificate):
    security = distributed.Security.temporary() if has_certificate else None

    async def ask(host, port):
        kind, arguments = ("tls", security.get_connection_args("client")) if security else ("tcp", {})
        comm = await distributed.comm.connect(f"{kind}://{host}:{port}", timeout=3, **arguments)
        await comm.write({"op": "identity", "reply": True})
        return await comm.read()

    for host, port in listening:
        with pytest.raises((OSError, asyncio.TimeoutError)):
            asyncio.run(ask(host, port))
