"""A throw-away certificate authority: good and bad server certificates for stand-ins that speak TLS.

Everything lies in a folder of the caller's, keys unencrypted. What it signs is trusted by nobody who was not told to.
"""

from __future__ import annotations

import ipaddress
import ssl
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LOOPBACK = ("127.0.0.1", "localhost")
_DAY = timedelta(days=1)
_SIGNS = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


class Authority:
    """One authority. `file` is its certificate in PEM: what a client is told to trust (SSL_CERT_FILE, `cafile`)."""

    def __init__(self, folder: Path, name: str = "Local only") -> None:
        self._folder = folder
        self._name = _named(f"{name} CA")
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._count = 0
        certificate = _builder(self._name, self._name, self._key, until=datetime.now(timezone.utc) + _DAY)
        certificate = certificate.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        certificate = certificate.add_extension(_SIGNS, critical=True)
        self.file = folder / "ca.pem"
        self.file.write_bytes(_pem(certificate.sign(self._key, hashes.SHA256())))

    def client(self) -> ssl.SSLContext:
        """A client's context that trusts this authority and no other."""
        return ssl.create_default_context(cafile=str(self.file))

    def server(self, *names: str, expired: bool = False, self_signed: bool = False) -> ssl.SSLContext:
        """A server's context, its certificate good for these host names and addresses (none: for loopback).

        `expired`: it was good until an hour ago. `self_signed`: it is signed by its own key instead of the authority's.
        """
        return self.context(self.certificate(*names, expired=expired, self_signed=self_signed))

    def certificate(self, *names: str, expired: bool = False, self_signed: bool = False) -> Path:
        """The file with the key and the certificate of such a server, in PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = names or LOOPBACK
        subject = _named(names[0])
        now = datetime.now(timezone.utc)
        until = now - timedelta(hours=1) if expired else now + _DAY
        certificate = _builder(subject, subject if self_signed else self._name, key, until=until)
        issuer = key if self_signed else self._key
        for extension in (
            x509.SubjectAlternativeName([_alternative(name) for name in names]),
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()),
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
        ):
            certificate = certificate.add_extension(extension, critical=False)
        certificate = certificate.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        self._count += 1
        file = self._folder / f"server-{self._count}.pem"
        file.write_bytes(_private(key) + _pem(certificate.sign(issuer, hashes.SHA256())))
        return file

    @staticmethod
    def context(file: Path) -> ssl.SSLContext:
        """A server's context from a file that holds key and certificate."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, until: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(
        subject_name=subject,
        issuer_name=issuer,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=until - 2 * _DAY,
        not_valid_after=until,
    )
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
