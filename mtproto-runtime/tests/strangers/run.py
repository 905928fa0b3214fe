#!/usr/bin/env python3
"""Runs clients that nobody here wrote against the example server.

    cargo build --release -p mtproto-runtime --example mtproto-server
    python3 mtproto-runtime/tests/strangers/run.py [FOLDER]

Installs them, each in an environment of its own, in FOLDER (a temporary one unless given) from the
package indexes that pip and npm are set up with. Prints what they say and a table. Nothing of it is
part of the ordinary tests: it needs a network, Python, Node and cargo. What is changed in them (RSA
keys that are compiled in) is changed in FOLDER.
"""

import json
import os
import pathlib
import random
import re
import shutil
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
    """How many steps of how many were good, and what failed."""
    output = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=900).stdout
    lines = []
    for line in output.splitlines():
        if line.startswith('{"step"'):
            print("   ", line)
            lines.append(json.loads(line))
    failed = [line["step"] for line in lines if not line["ok"]]
    return len(lines) - len(failed), len(lines), failed


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


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    process, port, key = server(folder / "server", "--dc", DC)
    test_process, test_port, test_key = server(folder / "test-server", "--dc", TDLIB_DC, "--test-mode")
    table = []
    try:
        for name, package in TDLIB.items():
            print(name)
            home = folder / name.replace(" ", "-")
            home.mkdir(exist_ok=True)
            if not (home / "node_modules").exists():
                (home / "package.json").write_text("{}")
                subprocess.run(["npm", "install", "--silent", package], cwd=home, check=True)
            command = [sys.executable, HERE / "tdlib_steps.py", "127.0.0.1", test_port, TDLIB_DC, test_key, home]
            table.append((name, *steps(command, HERE)))
        name = f"grammers {GRAMMERS}"
        print(name)
        program = grammers(folder / "grammers", key)
        table.append((name, *steps([program, "127.0.0.1", port, DC], folder)))
        for name, (script, packages) in PYTHON.items():
            print(name)
            home = folder / name.replace(" ", "-")
            python = home / "bin/python"
            if not python.exists():
                subprocess.run([sys.executable, "-m", "venv", home], check=True)
                subprocess.run([python, "-m", "pip", "-q", "install", *packages], check=True)
            command = [python, HERE / script, "127.0.0.1", port, DC, key, home]
            table.append((name, *steps(command, HERE)))
        for name, (script, package) in NODE.items():
            print(name)
            home = folder / script.removesuffix("_steps.mjs")
            home.mkdir(exist_ok=True)
            if not (home / "node_modules").exists():
                (home / "package.json").write_text("{}")
                subprocess.run(["npm", "install", "--silent", package], cwd=home, check=True)
            # Modules are looked for beside the script.
            for file in ("steps.mjs", script):
                shutil.copy(HERE / file, home / file)
            command = ["node", script, "127.0.0.1", port, DC, key, home]
            table.append((name, *steps(command, home)))
    finally:
        process.terminate()
        test_process.terminate()
    print("\n| client | good steps | failed |\n|---|---|---|")
    for name, good, all_of_them, failed in table:
        print(f"| {name} | {good} of {all_of_them} | {', '.join(failed)} |")


main()
