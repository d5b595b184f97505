"""Start the relay: `python -m realtime.relay --udp HOST:PORT --control HOST:PORT --facts DIR`."""

import asyncio
import sys

from realtime.relay.service.loop import new_loop
from realtime.relay.service.options import OptionsError, parse
from realtime.relay.service.process import run
from realtime.relay.transport.selftest import SelfTestError


def main() -> int:
    """Run until stopped; return the exit status."""
    try:
        options = parse()
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(run(options))
    except (OptionsError, SelfTestError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"The relay cannot start or go on: {error.strerror or 'a system call failed'}.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
