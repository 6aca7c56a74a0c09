"""The launcher: `python -I -S __main__.py DESCRIPTOR`, which holds an `LaunchOrder`."""

import os
import sys

if __name__ == "__main__":
    # With -I and -S dsv is not to be found; it comes last, so that nothing beside it can hide a module of Python's.
    here = os.path.abspath(__file__)
    sys.path.append(os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(here)))))
    from dsv.capture.cleanroom.launch_order import LaunchOrder
    from dsv.capture.cleanroom.room_processes import run
    from dsv.capture.witness.wire import read_all

    held = int(sys.argv[1])
    order = LaunchOrder.decode(read_all(held))
    os.close(held)
    sys.exit(run(order))
