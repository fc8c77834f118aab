# SPDX-License-Identifier: Apache-2.0
"""A court's real-like PKI and a time-stamp authority over HTTP, both made with the openssl command alone."""
import contextlib
import http.server
import pathlib
import subprocess
import threading

EXTENSIONS = """
[req]
distinguished_name = dn
prompt = no
[dn]
CN = unused
[ca]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[staff]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
authorityKeyIdentifier = keyid
subjectKeyIdentifier = hash
[tsa]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
authorityKeyIdentifier = keyid
[ts]
default_tsa = ts
serial = {folder}/ts.serial
signer_cert = {folder}/tsa.pem
certs = {folder}/tsa-root.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.7
digests = sha256
ess_cert_id_alg = sha256
accuracy = secs:1
"""


def openssl(*args) -> str:
    done = subprocess.run(["openssl", *map(str, args)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, (args, done.stderr)
    return done.stdout


class Pki:
    """Files by name: ca, tsa-root, tsa, and people as <name>.pem, .key and .p12."""

    PIN = "246810"

    def __init__(self, folder: pathlib.Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.config = folder / "openssl.cnf"
        self.config.write_text(EXTENSIONS.format(folder=folder))
        (folder / "ts.serial").write_text("1000\n")
        self.root("ca", "测试法院证书 Court CA")
        self.root("tsa-root", "测试授时根 TSA Root")
        self.issue("tsa", "测试授时 TSA", "tsa-root", "tsa")
        for name in ("administrator", "administrator2", "clerk"):
            self.person(name)

    def key(self, name: str) -> pathlib.Path:
        path = self.folder / f"{name}.key"
        openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", path)
        return path

    def root(self, name: str, cn: str) -> None:
        openssl("req", "-x509", "-new", "-utf8", "-key", self.key(name), "-config", self.config, "-extensions", "ca", "-subj", f"/CN={cn}",
                "-days", "7300", "-out", self.folder / f"{name}.pem")

    def issue(self, name: str, cn: str, issuer: str, section: str, days: int = 1000) -> None:
        request = self.folder / f"{name}.csr"
        openssl("req", "-new", "-utf8", "-key", self.key(name), "-config", self.config, "-subj", f"/CN={cn}", "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.folder / f"{issuer}.pem", "-CAkey", self.folder / f"{issuer}.key",
                "-CAcreateserial", "-extfile", self.config, "-extensions", section, "-days", days, "-out", self.folder / f"{name}.pem")

    def person(self, name: str, issuer: str = "ca") -> None:
        self.issue(name, f"{name} 某某", issuer, "staff")
        openssl("pkcs12", "-export", "-inkey", self.folder / f"{name}.key", "-in", self.folder / f"{name}.pem", "-certfile",
                self.folder / f"{issuer}.pem", "-passout", f"pass:{self.PIN}", "-out", self.folder / f"{name}.p12")

    def pem(self, name: str) -> pathlib.Path:
        return self.folder / f"{name}.pem"

    def p12(self, name: str) -> pathlib.Path:
        return self.folder / f"{name}.p12"

    def init_arguments(self, urls=()) -> list:
        out = ["--court", "210600", "--name-zh", "测试法院", "--name-en", "Test Court", "--administrator", self.pem("administrator"),
               "--administrator", self.pem("administrator2"), "--ca", self.pem("ca")]
        for url in urls:
            out += ["--tsa", url]
        return out + (["--tsa-anchor", self.pem("tsa-root")] if urls else [])


class TsaServer:
    """Answers as told: "up", "error" (HTTP 500), "junk", "refuse" (a proper rejection), "wrong" (stamps another digest), "hang".

    Its port is kept between down() and up(), so that a configured address stays the same.
    """

    def __init__(self, pki: Pki) -> None:
        self.pki, self.mood, self.asked = pki, "up", 0
        self.lock = threading.Lock()
        self.server = None
        self.port = 0
        self.released = threading.Event()
        self.up()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/tsa"

    def up(self) -> None:
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802 - the library's name
                with outer.lock:
                    outer.asked += 1
                    mood = outer.mood
                query = self.rfile.read(int(self.headers["Content-Length"]))
                if mood == "hang":
                    outer.released.wait(60)
                    return
                body = b"\x30\x03junk" if mood == "junk" else outer.reply(query, mood)
                self.send_response(500 if mood == "error" else 200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    self.wfile.write(body)

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.released.clear()
        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def down(self) -> None:
        self.released.set()
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def reply(self, query: bytes, mood: str) -> bytes:
        with self.lock:
            folder = self.pki.folder
            (folder / "query.tsq").write_bytes(query)
            request = folder / "query.tsq"
            if mood == "wrong":
                request = folder / "other.tsq"
                openssl("ts", "-query", "-digest", "11" * 32, "-sha256", "-cert", "-out", request)
            if mood == "refuse":
                return bytes.fromhex("30093007020102030205a0"[:22])
            openssl("ts", "-reply", "-config", self.pki.config, "-section", "ts", "-queryfile", request, "-out", folder / "reply.tsr")
            return (folder / "reply.tsr").read_bytes()
