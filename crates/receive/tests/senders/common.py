"""What the scripts of real senders share: the receiver, what it stored, and a line a sender: passed, failed or skipped (with
the reason). REQUIRE_SENDERS=1 makes a missing sender a failure, unless it cannot be installed beside another.
"""

import json, os, queue, shutil, subprocess, sys, tempfile, threading, time, uuid

TOKEN = "device-token"
folder = tempfile.mkdtemp()
results, stored, lines = [], [], queue.Queue()
receiver = None


class Missing(Exception):
    """A sender is not installed."""


class Optional(Missing):
    """The same, and need not be."""


def path(name):
    return os.path.join(folder, name)


def start(*arguments):
    """Starts the receiver; gives its ports."""
    global receiver
    receiver = subprocess.Popen([sys.argv[1], path("log"), *arguments], stdout=subprocess.PIPE, text=True)
    ports = json.loads(receiver.stdout.readline())
    read = lambda: [lines.put(json.loads(line)["raw"]) for line in receiver.stdout]
    threading.Thread(target=read, daemon=True).start()
    return ports


def expect(mark, count, seconds=20):
    """Every record with this mark that is stored: `count` of them, within the time, and no more."""
    until, extra = time.time() + seconds, None
    while time.time() < until and (extra is None or time.time() < extra):
        try:
            stored.append(lines.get(timeout=0.1))
        except queue.Empty:
            pass
        found = [raw for raw in stored if mark in raw]
        if len(found) >= count and extra is None:
            extra = time.time() + 0.5
    found = [raw for raw in stored if mark in raw]
    assert len(found) == count, f"{len(found)} of {count} are stored: {found[:3]}"
    assert not any(TOKEN in raw for raw in found), "a token was stored"
    return found


def sender(test):
    """Runs a test at once, with a mark of its own."""
    mark = uuid.uuid4().hex
    try:
        test(mark)
        results.append(0)
        print(f"passed   {test.__name__}")
    except (Missing, ImportError) as reason:
        required = os.environ.get("REQUIRE_SENDERS") == "1" and not isinstance(reason, Optional)
        results.append(1 if required else 0)
        print(f"{'failed' if required else 'skipped'}  {test.__name__}: {reason}")
    except Exception as error:
        results.append(1)
        print(f"failed   {test.__name__}: {type(error).__name__}: {error}")


def finish():
    receiver.kill()
    shutil.rmtree(folder, ignore_errors=True)
    print(f"{results.count(0)} of {len(results)} passed or were skipped")
    sys.exit(max(results))
