"""Writes a key and a certificate that signs itself: make_certificate.py FOLDER DAYS NAME. Valid from ten days ago."""

import datetime
import ipaddress
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

folder, days, name = pathlib.Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
key = ec.generate_private_key(ec.SECP256R1())
now = datetime.datetime.now(datetime.timezone.utc)
subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
try:
    alternative = x509.IPAddress(ipaddress.ip_address(name))
except ValueError:
    alternative = x509.DNSName(name)
certificate = (
    x509.CertificateBuilder()
    .subject_name(subject)
    .issuer_name(subject)
    .public_key(key.public_key())
    .serial_number(x509.random_serial_number())
    .not_valid_before(now - datetime.timedelta(days=10))
    .not_valid_after(now + datetime.timedelta(days=days))
    .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
    .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    .sign(key, hashes.SHA256())
)
pem = serialization.Encoding.PEM
(folder / "key.pem").write_bytes(
    key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
)
(folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
