#!/usr/bin/env python3
"""Runs clients that nobody here wrote against the example server.

    cargo build --release -p mtproto-runtime --example mtproto-server
    python3 mtproto-runtime/tests/strangers/run.py [FOLDER]

Installs them, each in an environment of its own, in FOLDER (a temporary one unless given) from the
package indexes that pip and npm are set up with. Prints what they say and a table. Nothing of it is
part of the ordinary tests: it needs a network, Python and Node.
"""

import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
DC = "2"
PYTHON = {
    "Telethon 1.45.0": ("telethon_steps.py", ["telethon==1.45.0"]),
    "Telethon 1.39.0": ("telethon_steps.py", ["telethon==1.39.0"]),
    "Pyrogram 2.0.106": ("pyrogram_steps.py", ["pyrogram==2.0.106", "tgcrypto"]),
    "kurigram 2.2.26": ("pyrogram_steps.py", ["kurigram==2.2.26"]),
}
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


def server(folder):
    """The example server, its port, and the file with its public key."""
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    program = target / "release/examples/mtproto-server"
    process = subprocess.Popen(
        [program, "--listen", f"127.0.0.1:{free_port()}", "--dc", DC, "--legacy-rsa", "--store", folder / "store"],
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


def main():
    folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    process, port, key = server(folder)
    table = []
    try:
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
    print("\n| client | good steps | failed |\n|---|---|---|")
    for name, good, all_of_them, failed in table:
        print(f"| {name} | {good} of {all_of_them} | {', '.join(failed)} |")


main()
