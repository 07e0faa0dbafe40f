"""What ``--cluster`` can be, and which schedulers are refused before anything is sent to them."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from gpunet.base.errors import ConfigError, EngineError
from gpunet.config.cluster_config import UNENCRYPTED, ClusterConfig

__all__ = ["CLUSTERS", "Address", "checked_address"]

#: Everything that is not an address.
CLUSTERS = ("none", "local", "local-cuda")


@dataclass(frozen=True)
class Address:
    """Where a scheduler listens."""

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}"

    @property
    def encrypted(self) -> bool:
        """Whether it is spoken to through TLS."""
        return self.scheme == "tls"

    @property
    def on_loopback(self) -> bool:
        """Whether it can only be this machine; a name other than ``localhost`` may be any."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


def checked_address(cluster: str, config: ClusterConfig) -> Address:
    """The scheduler's address, if it may be used.

    Raises
    ------
    EngineError
        If it is no address, or one without TLS beyond this machine that the configuration does not allow in words.
    ConfigError
        If a certificate is missing.
    """
    address = _parsed(cluster)
    if address.encrypted:
        _check_certificates(config)
    elif not address.on_loopback and config.unencrypted != UNENCRYPTED:
        raise EngineError(
            f"--cluster {address}: without TLS anyone on the network can read the data and run code on the workers and "
            f'here. Use tls:// (docs/cluster.md says how), or write [cluster] unencrypted = "{UNENCRYPTED}"'
        )
    return address


def _parsed(cluster: str) -> Address:
    try:
        parts = urlsplit(cluster)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise EngineError(f"--cluster {cluster}: not an address: {error}") from error
    if parts.scheme not in ("tls", "tcp") or not host or port is None or parts.path.strip("/") or parts.username:
        raise EngineError(
            f"--cluster {cluster}: expected one of {', '.join(CLUSTERS)}, or the address of a Dask scheduler, "
            "tls://HOST:PORT"
        )
    return Address(parts.scheme, host, port)


def _check_certificates(config: ClusterConfig) -> None:
    for name in ("tls_ca", "tls_cert", "tls_key"):
        path = getattr(config, name)
        if not path:
            raise ConfigError(
                f"[cluster] {name}: a scheduler with TLS needs tls_ca, tls_cert and tls_key, the paths of PEM files "
                "(for a trial `gpunet certificates` makes a set)"
            )
        if not Path(path).is_file():
            raise ConfigError(f"[cluster] {name}: there is no file {path}")
