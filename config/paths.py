"""Where things lie, known before Django's settings are."""

import os
from pathlib import Path

from config import env

BASE = Path(__file__).resolve().parent.parent

for _name, _value in env.read_dotenv(Path(env.text("ENV_FILE", str(BASE / ".env")))).items():
    os.environ.setdefault(_name, _value)


def data_folder() -> Path:
    """Everything Darkroom keeps on this machine: $DARKROOM_DATA, or ./data."""
    return Path(env.text("DARKROOM_DATA", str(BASE / "data"))).expanduser().resolve()


def database_url() -> str:
    """DATABASE_URL, or nothing where the embedded PostgreSQL is to be used."""
    return env.secret("DATABASE_URL")
