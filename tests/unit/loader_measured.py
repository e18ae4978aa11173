"""Run by ``test_script_fuzz`` in a process of its own: lints each file named and prints what that took, as JSON."""

import json
import sys
import time
from pathlib import Path

from callbot.script import lint


def peak_megabytes() -> float:
    """The most memory this program ever had; ``ru_maxrss`` would count that of the process it was forked from."""
    status = Path("/proc/self/status").read_text("utf-8")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    lint.check(Path(sys.argv[1]))  # the first time reads the shared parts, and imports
    report = []
    for name in sys.argv[2:]:
        before = time.process_time()
        found = lint.check_shared(Path(name)) or lint.check(Path(name)).findings
        seconds = time.process_time() - before
        megabytes = peak_megabytes()
        places = [(each.code, each.place.line, each.place.column) for each in found]
        report.append({"name": Path(name).name, "seconds": seconds, "megabytes": megabytes, "places": places[:3]})
    print(json.dumps(report))
