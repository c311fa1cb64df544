"""`python -m esa.startup`: reads the settings; what is wrong with one of them is said in one sentence, with exit code 78."""

import sys

from esa.environment import SettingError

EX_CONFIG = 78


def main() -> int:
    try:
        import esa.settings  # noqa: F401
    except SettingError as problem:
        sys.stderr.write(f"{problem}\n")
        return EX_CONFIG
    return 0


if __name__ == "__main__":
    sys.exit(main())
