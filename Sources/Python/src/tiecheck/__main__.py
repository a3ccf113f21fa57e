"""python -m tiecheck: the program."""

import sys

from .binary import main

sys.exit(main())
