"""What befalls a job of the tests, as the file `accident` in its folder says. Imported by every Python that starts here.

hold N    the N-th checkpoint of this process's life waits, written but without its name, until a file `go` appears
kill N    the process is killed in the middle of its N-th checkpoint, once
clock     the clock jumps a day back and forth all the time
"""
import os
import signal
import sys
import time

FOLDER = sys.orig_argv[-1]


def path(name):
    return os.path.join(FOLDER, name)


def on_checkpoint(number, act):
    count, replace = 0, os.replace

    def replacing(source, target, **options):
        nonlocal count
        if os.path.basename(str(target)) == "checkpoint.pt":
            count += 1
            if count == number:
                act(source)
        return replace(source, target, **options)

    os.replace = replacing


def hold(source):
    open(path("held"), "w").close()
    while not os.path.exists(path("go")):
        time.sleep(0.02)


def kill(source):
    os.remove(path("accident"))
    os.truncate(source, os.path.getsize(source) // 2)
    os.kill(os.getpid(), signal.SIGKILL)


def jump():
    real, day = time.time, 86400
    time.time = lambda: real() + (0, -day, day)[int(time.monotonic() * 5) % 3]


if os.path.isfile(path("accident")):
    with open(path("accident")) as file:
        what, _, number = file.read().partition(" ")
    jump() if what == "clock" else on_checkpoint(int(number), {"hold": hold, "kill": kill}[what])
