"""``python -m benchmarks`` runs every part; ``python -m benchmarks peers startup`` only those named."""

import sys

from benchmarks.page import main

sys.exit(main(sys.argv[1:]))
