"""Asks a running ERP server what its document promises, by schemathesis.

    check_api.py SERVER [SECONDS]

SERVER is the program; it runs on SQLite in a temporary folder. SECONDS is how long each of the three callers asks: a
stranger, a user, and a member of the staff, who comes last and may suspend and delete what the others need. It fails on any 5xx, on a status that is not documented, and on an answer that
differs from its schema.
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import urllib.request

ADMIN = {"email": "root@example.com", "password": "a password for schemathesis"}
USER = {"email": "ann@acme.example", "password": "another one for schemathesis"}
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_headers_conformance,response_schema_conformance"
)


def start(program, folder):
    """Starts the server; returns it and where it listens."""
    settings = {
        "PORT": "0",
        "RATE_LIMIT": "off",
        "LOG_LEVEL": "info",
        "ERP_DATA_DIR": os.path.join(folder, "data"),
        "ERP_ADMIN_EMAIL": ADMIN["email"],
        "ERP_ADMIN_PASSWORD": ADMIN["password"],
    }
    log = open(os.path.join(folder, "server.log"), "wb")
    server = subprocess.Popen(
        [os.path.abspath(program)], cwd=folder, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    for line in server.stderr:
        log.write(line)
        found = re.search(rb"listening address=(\S+)", line)
        if found:
            # The rest goes to the file; a pipe that nobody reads would stop the server.
            subprocess.Popen(["cat"], stdin=server.stderr, stdout=log)
            return server, "http://" + found.group(1).decode()
    sys.exit("the server ended before it listened")


def post(url, body, **headers):
    headers = {"content-type": "application/json", **headers}
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def prepare(url):
    """Makes a client whose first admin has chosen a password; returns the admin's token, the user's and their id."""
    admin = post(f"{url}/api/enterprise/auth/login", ADMIN)["token"]
    client = {"name": "Acme", "slug": "acme", "adminEmail": USER["email"], "adminName": "Ann"}
    made = post(f"{url}/api/enterprise/clients", client, authorization=f"Bearer {admin}")
    temporary = made["admin"]["temporaryPassword"]

    def sign_in(password):
        credentials = {"email": USER["email"], "password": password}
        return post(f"{url}/api/client/auth/login", credentials, **{"x-tenant-id": "acme"})

    change = {"currentPassword": temporary, "newPassword": USER["password"]}
    bearer = f"Bearer {sign_in(temporary)['token']}"
    post(f"{url}/api/client/auth/password", change, authorization=bearer)
    user = sign_in(USER["password"])
    return admin, user["token"], user["user"]["id"]


def ask(url, seconds, folder, own_id, *arguments):
    """Runs schemathesis; tells whether all was well."""
    here = os.path.dirname(os.path.abspath(__file__))
    settings = {
        **os.environ, "PYTHONPATH": here, "PYTHONDONTWRITEBYTECODE": "1",
        "SCHEMATHESIS_HOOKS": "check_api_hooks", "CHECK_API_OWN_ID": own_id,
    }
    program = os.path.join(os.path.dirname(sys.executable), "schemathesis")
    command = [
        program, "--config-file", os.path.join(folder, "schemathesis.toml"), "run", f"{url}/api/openapi.json",
        "--checks", CHECKS, "--max-time", str(seconds), "--seed", "1", "--warnings", "off",
        "--phases", "examples,coverage,fuzzing", "--max-examples", "20", "--generation-database", "none",
        "--request-timeout", "20", *arguments,
    ]
    print(flush=True)
    return subprocess.run(command, cwd=folder, env=settings, stdin=subprocess.DEVNULL).returncode == 0


def check(url, seconds, folder):
    open(os.path.join(folder, "schemathesis.toml"), "w").close()
    admin, user, own_id = prepare(url)

    def signed_in(realm, token):
        # Signing out would leave the rest of the run unanswered.
        return [
            "--include-path-regex", f"^/api/{realm}/", "--exclude-path-regex", "/auth/logout$",
            "-H", f"Authorization: Bearer {token}",
        ]

    callers = [[], signed_in("client", user), signed_in("enterprise", admin)]
    return all([ask(url, seconds, folder, own_id, *caller) for caller in callers])


def main():
    # So that the server is ended too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    program, seconds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 15
    with tempfile.TemporaryDirectory() as folder:
        server, url = start(program, folder)
        try:
            well = check(url, seconds, folder)
        finally:
            server.terminate()
            server.wait(timeout=60)
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
