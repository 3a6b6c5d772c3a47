"""The start of everything: makes the standard library cooperative before anything imports it, then the command line."""

import gc
import sys

PATCHED = {"serve"}  # the others wait for nothing, or wait in processes of their own; and must answer at once

if sys.argv[1:2] and sys.argv[1] in PATCHED and not {"-h", "--help"} & set(sys.argv):
    from gevent import monkey

    gc.disable()  # while everything is imported: to look for garbage among modules takes a tenth of the start
    monkey.patch_all()

from appliance.cli import main  # noqa: E402 -- after the patching

if __name__ == "__main__":
    sys.exit(main())
