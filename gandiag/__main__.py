"""``python -m gandiag`` is the same as ``gandiag``."""

from gandiag.cli import main

if __name__ == "__main__":
    main()
