"""Ed25519 keys (RFC 8032): who holds the private one signs, anyone with the public one checks."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from gmv_core.errors import SettingsError, SourceError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

MOST_BYTES = 1 << 16  # of a file that may hold a key; a device has no end


def make_keys(path: Path) -> tuple[Path, Path]:
    """Write a new private key to `path`, readable by its owner alone, and its public key beside it.

    Returns both files, the public one is <path>.pub. Raises SettingsError where either is there
    already: a key that signed something must not be written over.
    """
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    public_path = path.with_name(path.name + ".pub")
    for file in (path, public_path):
        if file.exists():
            raise SettingsError(f"{file} is there already; give the new key another name.")
    key = Ed25519PrivateKey.generate()
    private = key.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    public = key.public_key().public_bytes(
        form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo
    )
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(private)
        public_path.write_bytes(public)
    except OSError as error:
        raise SourceError(f"{path} cannot be written ({error.strerror or error}).") from error
    return path, public_path


def private_key(path: Path) -> Ed25519PrivateKey:
    """Return the private key in a PEM file; raise SourceError where there is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(_bytes(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _no_key(path, "private") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path, "private")
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """Return the public key in a PEM file; raise SourceError where there is none."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(_bytes(path))
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _no_key(path, "public") from error
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key(path, "public")
    return key


def sealed_by(key: Ed25519PrivateKey, message: bytes) -> dict[str, str]:
    """Return the signature of a message with the public key, both in hexadecimal."""
    return {"ed25519": key.sign(message).hex(), "public_key": hex_of(key.public_key())}


def signature_in(signed: object) -> tuple[str, str]:
    """Return signature and public key of what `sealed_by` wrote; two "" where it is not so.

    In one form only: hexadecimal could be written large or with blanks, and would mean the same.
    """
    if not isinstance(signed, dict) or set(signed) != {"ed25519", "public_key"}:
        return "", ""
    signature, public = str(signed["ed25519"]), str(signed["public_key"])
    sound = re.fullmatch("[0-9a-f]{128}", signature) and re.fullmatch("[0-9a-f]{64}", public)
    return (signature, public) if sound else ("", "")


def hex_of(key: Ed25519PublicKey) -> str:
    """Return a public key's 32 bytes in hexadecimal."""
    return key.public_bytes_raw().hex()


def is_signed(message: bytes, signature: str, public: str) -> bool:
    """Return whether a signature is that of a message. signature, public: in hexadecimal."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public))
        key.verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError as error:
        raise SourceError(f"{path} cannot be read ({error.strerror or error}).") from error


def _no_key(path: Path, kind: str) -> SourceError:
    return SourceError(f"{path} holds no {kind} Ed25519 key (PEM); `keys FILE` makes a pair.")
