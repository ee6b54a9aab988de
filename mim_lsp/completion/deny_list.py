"""Names of files that hold secrets, as in `.gitignore`; compared without case.

The union of what Zed and Continue leave out by default, but without ordinary files: `config.json`, `settings.json`,
`config.yaml` and `docker-compose.override.yml` are completed, and so is what lies in `env/`, `keys/` and `private/`.
"""

from __future__ import annotations

import re
from fnmatch import translate

DENY_LIST: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("environment", (".env*", "*.env", ".envrc", ".dev.vars*")),
    (
        "keys and certificates",
        (
            *("*.key", "*.pem", "*.p8", "*.p12", "*.pfx", "*.ppk", "*.gpg", "*.pgp", "*.kdbx"),
            *("*.crt", "*.cer", "*.cert", "*.der", "*.csr", "*.p7b", "*.p7c"),
            *("*.jks", "*.keystore", "*.truststore"),
            *("id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*"),
        ),
    ),
    (
        "credentials",
        (
            *("credentials", "credentials.json", "auth.json", "token", "*.token", "*.secret", "*.secrets"),
            *("secrets.yml", "secrets.yaml", "secrets.json", "secrets.toml", "client_secret*.json"),
            *(".netrc", "_netrc", ".npmrc", ".pypirc", ".pgpass", ".my.cnf", ".htpasswd", ".git-credentials"),
            *("kubeconfig", "*.tfstate", "*.tfstate.backup", ".vault-token"),
        ),
    ),
    ("databases", ("*.db", "*.sqlite", "*.sqlite3", "*.mdb", "*.accdb")),
    ("backups", ("*.bak", "*.backup", "*.old", "*.orig")),
    (
        "folders",
        (
            *(".aws/", ".azure/", ".gcp/", ".kube/", ".docker/", ".ssh/", ".gnupg/", ".gpg/"),
            *("secrets/", ".secrets/", ".private/", "certs/", "certificates/"),
        ),
    ),
)
"""Groups of patterns, in lower case, by what they protect. They are names; with a `/` at the end those of folders."""

_PATTERNS = [pattern for _, group in DENY_LIST for pattern in group]
_ANY_NAME = re.compile("|".join(translate(each) for each in _PATTERNS if not each.endswith("/")))
_FOLDER_NAME = re.compile("|".join(translate(each[:-1]) for each in _PATTERNS if each.endswith("/")))


def is_denied(path: str) -> bool:
    """Whether the last name in a path with `/` between its parts, or a folder in it, is on the list."""
    *folders, name = path.lower().split("/")
    return any(map(_ANY_NAME.match, [*folders, name])) or any(map(_FOLDER_NAME.match, folders))
