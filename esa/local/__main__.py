"""`python3 -m esa.local COMMAND`, which the Makefile calls: makes the virtual environment, then goes on inside it."""

import ctypes
import os
import sys
import time

from esa.local import bootstrap, ports
from esa.local.progress import CHECKOUT, DATA
from esa.local.services import PR_SET_PDEATHSIG
from esa.local.supervisor import Stop, end_on_signals
from esa.local.trouble import Trouble, explain_os_error, fail


def main(arguments: list[str]) -> int:
    """Run a command; whatever goes wrong on this machine is said in one sentence."""
    os.chdir(CHECKOUT)
    # Some images forbid bytecode so that their layers stay small; here it would be compiled anew in each of our processes.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    end_on_signals()
    _end_with_make()
    try:
        return _command(*arguments)
    except Trouble as trouble:
        return fail(str(trouble))
    except OSError as error:
        return fail(explain_os_error(error))
    except Stop as stop:
        print("Ended.", flush=True)
        return 0 if stop.args == (2,) and arguments[0] == "run" else 128 + stop.args[0]


def _command(command: str, *arguments: str) -> int:
    if not bootstrap.inside():
        DATA.mkdir(exist_ok=True)
        if command == "run":
            ports.refuse_second_run()
            ports.refuse_taken_port()
        os.environ.setdefault("ESA_STARTED", str(time.monotonic()))
        bootstrap.prepare()
        os.execv(bootstrap.PYTHON, [str(bootstrap.PYTHON), "-m", "esa.local", command, *arguments])
    from esa.local import installation, quality

    match command:
        case "setup":
            installation.prepare()
            return 0
        case "run":
            return installation.run()
        case "manage":
            return installation.manage(list(arguments))
        case "test":
            return quality.test(list(arguments))
        case "lint":
            return quality.lint()
        case "messages":
            return installation.messages()
    raise Trouble(f"There is no command {command!r}; `make help` lists them.")


def _end_with_make() -> None:
    """Follow make into the grave, so that killing it leaves nothing behind."""
    if "MAKELEVEL" in os.environ and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, 15)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
