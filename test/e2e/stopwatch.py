"""A stopwatch for tests of limits, which forgives what the machine and not the program is late.

A thread sleeps for short whiles and adds up how much too late it is woken: next to nothing where
nobody else wants the processors, much where many do. What is lost so while a stopwatch runs may be
exceeded, as in the matrix of deadlines (test/matrix/measure.h).

A build with a sanitizer begins and ends with work that the program does not have. So there the
processor time of commands that have ended is lost, too.
"""

import os
import pathlib
import resource
import threading
import time

NAP = 0.005
USUAL = 0.001  # seconds; timers are never exact

SANITIZED = pathlib.Path(os.environ.get("FSOCK_BUILD", "build")).name.endswith("san")

lost = 0.0  # seconds, since this module was loaded


def watch_the_machine():
    global lost
    while True:
        begun = time.monotonic()
        time.sleep(NAP)
        late = time.monotonic() - begun - NAP
        if late > USUAL:
            lost += late


def lost_so_far():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return lost + (used.ru_utime + used.ru_stime if SANITIZED else 0)


threading.Thread(target=watch_the_machine, daemon=True).start()


class Stopwatch:
    """Runs from when it is made until stop(); `seconds` is what went by."""

    def __init__(self):
        self.lost = -lost_so_far()
        self.begun = time.monotonic()

    def stop(self):
        self.seconds = time.monotonic() - self.begun
        self.lost += lost_so_far()
        return self

    def between(self, least, most):
        """It took `least` seconds or more, and less than `most` of them that count."""
        return least <= self.seconds < most + self.lost

    def __repr__(self):
        return f"{self.seconds:.3f} s, of which the machine lost {self.lost:.3f}"
