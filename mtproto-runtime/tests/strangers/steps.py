"""A line of JSON for each step of a stranger."""

import asyncio
import json
import sys
import time

HOST, PORT, DC, PEM, FOLDER = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5]
failed = False


async def step(name, work, timeout=30):
    global failed
    start = time.monotonic()
    line = {"step": name, "ok": True}
    result = None
    try:
        result = await asyncio.wait_for(work, timeout)
    except BaseException as error:  # whatever a stranger's library raises
        failed = True
        line.update(ok=False, error=f"{type(error).__name__}: {error}")
    line["ms"] = round(1000 * (time.monotonic() - start))
    print(json.dumps(line), flush=True)
    return result


def end():
    sys.exit(1 if failed else 0)
