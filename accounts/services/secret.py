import hashlib


def digest(secret: str) -> str:
    """What is kept of a secret of ours: enough to know it again, and of no use to who reads it."""
    return hashlib.sha256(secret.encode()).hexdigest()
