"""The bridges of `compare` and `limits`: how each is started, put under `media-bridge load`, and ended."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
BATCH_MILLISECONDS = {"passthrough": 20, "transcode": 20, "batched": 100}
ACCOUNT, NUMBER, TOKEN = "AC" + "0" * 31 + "1", "+15005550001", "compare"
VOID = 3  # exit status of `media-bridge load`
# Of the bridge's core, taken by the host for its other guests: above this a run counts for nothing.
MOST_STOLEN = 0.05
PIPECAT = f"{HERE}/Reference/pipecat"


class Failure(Exception):
    pass


def say(text):
    print(text, file=sys.stderr, flush=True)


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def core_times(core):
    """Ticks of the core since the machine began: of processes, and stolen by the host's other guests."""
    with open("/proc/stat", encoding="utf-8") as file:
        values = next(it.split() for it in file if it.startswith(f"cpu{core} "))
    numbers = [int(it) for it in values[1:9]]
    return sum(numbers[:3]) + sum(numbers[5:7]), numbers[7], sum(numbers)


class Bridge:
    """One bridge, started anew for each run."""

    def __init__(self, name, profile, binary, tls=False, extra="", files=None):
        """`extra` is YAML for media-bridge's configuration, `files` (name: text) lie beside it."""
        self.name, self.profile, self.binary = name, profile, binary
        self.tls, self.extra, self.files = tls and name == "media-bridge", extra, files or {}
        self.port, self.model_port = free_port(), free_port()

    def command(self, folder):
        ports = ["--port", str(self.port), "--model-port", str(self.model_port)]
        batch = BATCH_MILLISECONDS[self.profile]
        if self.name == "node":
            return ["node", f"{HERE}/Reference/node/bridge.js", *ports]
        if self.name in ("pipecat", "pipecat-silero"):
            return [f"{PIPECAT}/.venv/bin/python", f"{PIPECAT}/bridge.py", *ports,
                    "--vad", "silero" if self.name == "pipecat-silero" else "none"]
        if self.name == "reference":
            kind = "passthrough" if self.profile == "passthrough" else "transcode"
            return [f"{HERE}/Reference/bridge", *ports, "--profile", kind, "--batch-ms", str(batch)]
        with open(f"{folder}/bridge.yaml", "w", encoding="utf-8") as file:
            file.write(self.configuration(folder, batch))
        return [self.binary, "serve", "--config", f"{folder}/bridge.yaml"]

    def configuration(self, folder, batch):
        """Telemetry and the turn store are on, recordings and journals off: what a service runs with."""
        tls = f"tls: {{certificate: {folder}/certificate.pem, key: {folder}/key.pem}}, " if self.tls else ""
        s = "s" if self.tls else ""
        return f"""
public: {{host: 127.0.0.1, port: {self.port}, {tls}publicURL: "http{s}://127.0.0.1:{self.port}"}}
admin: {{host: 127.0.0.1, port: {free_port()}}}
model:
  kind: openai
  url: ws{s}://127.0.0.1:{self.model_port}/v1/realtime
{f"  trustedAuthorities: {folder}/certificate.pem" if self.tls else ""}
  model: gpt-realtime-2
  apiKey: ${{COMPARE_API_KEY}}
  audioFormat: {"pcmu" if self.profile == "passthrough" else "pcm24"}
store: {{path: {folder}/media-bridge.sqlite}}
telemetry: {{logLevel: error}}
{self.extra or "limits: {maximumCalls: 10000, drainSeconds: 1}"}
watchFiles: false
tenants:
  - id: compare
    numbers: ["{NUMBER}"]
    accountSid: {ACCOUNT}
    authToken: ${{COMPARE_AUTH_TOKEN}}
    inbound: {{instructions: Speak., greeting: Hello.}}
    fallback: {{text: Please try again later.}}
    echoAware: false
    uplinkBatchMilliseconds: {batch}
    downlinkBatchMilliseconds: {batch}
"""

    def door(self):
        base = f"127.0.0.1:{self.port}"
        if self.name != "media-bridge":
            return ["--url", f"ws://{base}/stream"]
        return ["--voice-url", f"http{'s' if self.tls else ''}://{base}/twilio/voice", "--auth-token", TOKEN, "--account", ACCOUNT, "--to", NUMBER]

    def run(self, calls, seconds, options, extra=()):
        """The generator's report of one run, with how busy the bridge's core was in all of it; `void` says why it counts for
        nothing, if so."""
        with tempfile.TemporaryDirectory(prefix="compare-") as folder, open(f"{folder}/log", "w+b") as log:
            environment = dict(
                os.environ, NODE_PATH="/usr/share/nodejs", COMPARE_API_KEY="compare", COMPARE_AUTH_TOKEN=TOKEN)
            for name, text in self.files.items():
                with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
                    file.write(text)
            if self.tls:
                make_certificate(folder)
            pinned = ["taskset", "-c", str(options.bridge_core)]
            process = subprocess.Popen(
                pinned + self.command(folder), stdout=log, stderr=log, env=environment, cwd=folder)
            try:
                self.wait_for_port(process, log)
                load = [
                    *getattr(options, "first", ()), "taskset", "-c", str(options.generator_core), self.binary, "load", "--json", *self.door(),
                    "--calls", str(calls), "--rate", str(options.rate), "--warm-up", str(options.warm_up),
                    "--seconds", str(seconds), "--delta-ms", str(BATCH_MILLISECONDS[self.profile]),
                    "--model-port", str(self.model_port), "--bridge-pid", str(process.pid), *extra,
                ]
                if self.tls:
                    load += ["--model-certificate", f"{folder}/certificate.pem", "--model-key", f"{folder}/key.pem"]
                before = core_times(options.bridge_core)
                done = subprocess.run(load, capture_output=True, text=True, check=False)
                if done.returncode not in (0, VOID):
                    raise Failure(f"{self.name}, {calls} calls: media-bridge load failed: {done.stderr.strip()[-600:]}")
                report = json.loads(done.stdout)
                if report.get("process") is None:
                    raise Failure(f"{self.name}, {calls} calls: the bridge ended: {self.tail(log)}")
                busy, stolen, whole = (after - was for after, was in zip(core_times(options.bridge_core), before))
                report["core"] = {"busy": busy / whole, "stolen": stolen / whole}
                if stolen > MOST_STOLEN * whole:
                    report["void"].append(f"the host took {stolen / whole:.0%} of the bridge's core, at most {MOST_STOLEN:.0%}")
                return report
            finally:
                process.send_signal(signal.SIGKILL)
                process.wait()

    def wait_for_port(self, process, log):
        end = time.monotonic() + 40
        while time.monotonic() < end:
            if process.poll() is not None:
                raise Failure(f"{self.name} ended at once: {self.tail(log)}")
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise Failure(f"{self.name} does not listen on port {self.port}: {self.tail(log)}")

    @staticmethod
    def tail(log):
        log.flush()
        log.seek(0)
        return log.read().decode("utf-8", "replace").strip()[-600:] or "it said nothing"


def describe(report):
    process = report["process"]
    return (f"{report['up']} calls up, {process['cores'] * 100:.0f} % of a core, "
            f"{process['microsecondsPerCallFrame']:.1f} us per call-frame, gap p99.9 {report['gap']['p999'] / 1000:.2f} ms"
            + (f"; VOID: {'; '.join(report['void'])}" if report["void"] else ""))


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return "unknown"


def make_certificate(folder):
    """One for 127.0.0.1 that vouches for itself: for the bridge's callers, and for the model."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{folder}/key.pem",
         "-out", f"{folder}/certificate.pem"], check=True, capture_output=True)


def prepare(names, binary):
    """What the named bridges need is there, or is made; else a failure that says what to do."""
    if not os.access(binary, os.X_OK):
        raise Failure(f"no program at {binary}: swift build -c release --product media-bridge")
    if "reference" in names:
        subprocess.run(["make", "-s", "-C", f"{HERE}/Reference"], check=True, stdout=sys.stderr)
    if "node" in names and not shutil.which("node"):
        raise Failure("node is missing: scripts/packages bench, or --bridges reference,media-bridge")
    if any(name.startswith("pipecat") for name in names):
        subprocess.run([f"{PIPECAT}/environment"], check=True, stdout=sys.stderr)


def add_options(parser):
    """What every run is told: cores, rates, times, the program."""
    cores = sorted(os.sched_getaffinity(0))
    parser.add_argument("--warm-up", type=float, default=4)
    parser.add_argument("--rate", type=float, default=200, help="new calls a second")
    parser.add_argument("--retries", type=int, default=2, help="for a void run")
    parser.add_argument("--bridge-core", type=int, default=cores[0])
    parser.add_argument("--generator-core", type=int, default=cores[-1])
    parser.add_argument(
        "--binary", default=f"{ROOT}/.build/release/media-bridge",
        help="built with `swift build -c release --product media-bridge`")


def check_options(parser, options):
    cores = sorted(os.sched_getaffinity(0))
    for core in (options.bridge_core, options.generator_core):
        if core not in cores:
            parser.error(f"core {core}: one of {cores} was expected")
    if options.bridge_core == options.generator_core:
        parser.error("bridge and generator need a core each")
    options.binary = os.path.abspath(options.binary)
