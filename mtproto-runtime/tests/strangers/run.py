#!/usr/bin/env python3
"""Runs clients that nobody here wrote against the example server.

    cargo build --release -p mtproto-runtime --example mtproto-server
    python3 mtproto-runtime/tests/strangers/run.py [FOLDER]

Installs them, each in an environment of its own, in FOLDER (a temporary one unless given) from the
package indexes that pip and npm are set up with. Prints what they say and a table. The exit status
is 1 unless every client has ended by itself, in time, with all its steps good, but for the faults of
its own that are known. Nothing of it is part of the ordinary tests: it needs a network, Python, Node
and cargo. What is changed in them (RSA keys that are compiled in) is changed in FOLDER.
"""

import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

from pem import read_public_key

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
# TDLib begins in DC 1 and wants a test server; the others are told where to go.
DC, TDLIB_DC = "2", "1"
PYTHON = {
    "Telethon 1.45.0": ("telethon_steps.py", ["telethon==1.45.0"]),
    "Telethon 1.39.0": ("telethon_steps.py", ["telethon==1.39.0"]),
    "Pyrogram 2.0.106": ("pyrogram_steps.py", ["pyrogram==2.0.106", "tgcrypto"]),
    "kurigram 2.2.26": ("pyrogram_steps.py", ["kurigram==2.2.26"]),
}
TDLIB = {
    "TDLib 1.8.67": "@prebuilt-tdlib/linux-x64-glibc@0.1008067.0",
    "TDLib 1.8.33": "@prebuilt-tdlib/linux-x64-glibc@0.1008033.1",
}
GRAMMERS = "0.11.0"
NODE = {
    "GramJS 2.26.22": ("gramjs_steps.mjs", "telegram@2.26.22"),
    "mtcute 0.30.3": ("mtcute_steps.mjs", "@mtcute/node@0.30.3"),
    "@mtproto/core 6.3.0": ("mtproto_core_steps.mjs", "@mtproto/core@6.3.0"),
}
# How many steps each of them takes: one that says less has not done its work.
STEPS = {
    "TDLib 1.8.67": 18,
    "TDLib 1.8.33": 18,
    f"grammers {GRAMMERS}": 24,
    "Telethon 1.45.0": 33,
    "Telethon 1.39.0": 33,
    "Pyrogram 2.0.106": 8,
    "kurigram 2.2.26": 8,
    "GramJS 2.26.22": 16,
    "mtcute 0.30.3": 16,
    "@mtproto/core 6.3.0": 5,
}
# Its `get_future_salts` never returns, though it is answered.
KNOWN_FAULTS = {"Telethon 1.39.0": {"salts"}}
# Seconds that a client has for all of its steps.
PATIENCE = 300


def free_port():
    """GramJS keeps ports in sixteen bits with a sign."""
    while True:
        port = random.randrange(10_000, 32_768)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def server(folder, *options):
    """The example server, its port, and the file with its public key."""
    folder.mkdir(parents=True, exist_ok=True)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    program = target / "release/examples/mtproto-server"
    process = subprocess.Popen(
        [program, "--listen", f"127.0.0.1:{free_port()}", "--legacy-rsa", "--store", folder / "store", *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    pem, inside = [], False
    for line in process.stdout:
        inside |= "BEGIN" in line
        if inside:
            pem.append(line)
        inside &= "END" not in line
        if line.startswith("listening on "):
            break
    key = folder / "key.pem"
    key.write_text("".join(pem))
    return process, line.rsplit(":", 1)[1].strip(), key


def steps(command, cwd):
    """What a client did: a line for each of its steps, and how it ended."""
    # In a group of its own, so that whatever it has started ends with it.
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        output, _ = process.communicate(timeout=PATIENCE)
        ended = f"exit status {process.returncode}"
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        ended = f"not after {PATIENCE} s"
    lines = []
    for line in output.splitlines():
        if line.startswith('{"step"'):
            print("   ", line, flush=True)
            lines.append(json.loads(line))
    return lines, ended


def judge(name, lines, ended):
    """A row of the table, and whether it is as it should be."""
    failed = [line["step"] for line in lines if not line["ok"]]
    known = KNOWN_FAULTS.get(name, set())
    # What fails because of its own fault is told by the exit status, too.
    status = f"exit status {1 if failed else 0}"
    is_good = len(lines) == STEPS[name] and set(failed) <= known and ended == status
    row = f"| {name} | {len(lines) - len(failed)} of {STEPS[name]} | {', '.join(failed)} | {ended} |"
    return row, is_good


def grammers(home, pem):
    """A program with grammers, in which its RSA keys are ours; returns where it is."""
    cargo = ["cargo", "--quiet"]
    source = home / "src"
    source.mkdir(parents=True, exist_ok=True)
    shutil.copy(HERE / "grammers_steps.rs", source / "main.rs")
    manifest = f"""
[package]
name = "steps"
version = "0.0.0"
edition = "2024"
[dependencies]
grammers-mtproto = "={GRAMMERS}"
grammers-mtsender = "={GRAMMERS}"
grammers-session = {{ version = "={GRAMMERS}", default-features = false }}
grammers-tl-types = {{ version = "={GRAMMERS}", features = ["tl-mtproto"] }}
tokio = {{ version = "1", features = ["macros", "rt", "time"] }}
[workspace]
"""
    (home / "Cargo.toml").write_text(manifest)
    copy = home / "grammers-mtproto"
    if not copy.exists():
        packages = subprocess.run([*cargo, "metadata", "--format-version=1"], cwd=home, check=True, stdout=subprocess.PIPE)
        packages = json.loads(packages.stdout)["packages"]
        original = next(package for package in packages if package["name"] == "grammers-mtproto")
        shutil.copytree(pathlib.Path(original["manifest_path"]).parent, copy)
    fingerprint, modulus, exponent = read_public_key(pem)
    file = copy / "src/authentication.rs"
    key = rf'{fingerprint} => rsa::Key::new("{modulus}", "{exponent}").unwrap(),'
    pattern = r'-?\d+ => rsa::Key::new\("\d+", "\d+"\)\.unwrap\(\),'
    text = file.read_text()
    first = re.search(pattern, text)
    text = text[: first.start()] + key + re.sub(pattern, "", text[first.end() :])
    file.write_text(text)
    (home / "Cargo.toml").write_text(manifest + '[patch.crates-io]\ngrammers-mtproto = { path = "grammers-mtproto" }\n')
    subprocess.run([*cargo, "build", "--target-dir", "target"], cwd=home, check=True)
    return home / "target/debug/steps"


def npm(home, package):
    home.mkdir(exist_ok=True)
    if not (home / "node_modules").exists():
        (home / "package.json").write_text("{}")
        subprocess.run(["npm", "install", "--silent", package], cwd=home, check=True)


def tdlib(folder, name, where):
    home = folder / name.replace(" ", "-")
    npm(home, TDLIB[name])
    return [sys.executable, HERE / "tdlib_steps.py", *where, home], HERE


def python(folder, name, where):
    script, packages = PYTHON[name]
    home = folder / name.replace(" ", "-")
    program = home / "bin/python"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([program, "-m", "pip", "-q", "install", *packages], check=True)
    return [program, HERE / script, *where, home], HERE


def node(folder, name, where):
    script, package = NODE[name]
    home = folder / script.removesuffix("_steps.mjs")
    npm(home, package)
    # Modules are looked for beside the script.
    for file in ("steps.mjs", script):
        shutil.copy(HERE / file, home / file)
    return ["node", script, *where, home], home


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    process, port, key = server(folder / "server", "--dc", DC)
    test_process, test_port, test_key = server(folder / "test-server", "--dc", TDLIB_DC, "--test-mode")
    where = ["127.0.0.1", port, DC, key]
    test = ["127.0.0.1", test_port, TDLIB_DC, test_key]
    clients = {name: lambda name=name: tdlib(folder, name, test) for name in TDLIB}
    clients[f"grammers {GRAMMERS}"] = lambda: ([grammers(folder / "grammers", key), *where[:3]], folder)
    clients |= {name: lambda name=name: python(folder, name, where) for name in PYTHON}
    clients |= {name: lambda name=name: node(folder, name, where) for name in NODE}
    rows, all_good = [], True
    try:
        for name, make in clients.items():
            print(name, flush=True)
            try:
                lines, ended = steps(*make())
            except (OSError, subprocess.SubprocessError) as error:
                lines, ended = [], f"not installed: {error}"
            row, is_good = judge(name, lines, ended)
            rows.append(row)
            all_good &= is_good
        all_good &= process.poll() is None and test_process.poll() is None
    finally:
        process.terminate()
        test_process.terminate()
    print("\n| client | good steps | failed | ended |\n|---|---|---|---|")
    print("\n".join(rows))
    print("all as they should be" if all_good else "NOT all as they should be")
    return 0 if all_good else 1


if __name__ == "__main__":
    sys.exit(main())
