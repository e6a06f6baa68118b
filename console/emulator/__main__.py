"""`python -m console.emulator`"""

import sys

from console.emulator.server import main

sys.exit(main())
