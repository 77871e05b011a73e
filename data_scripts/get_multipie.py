"""CMU Multi-PIE (licence and fee), the paper's camera sweeps: ask CMU, then --from its data folder.

python data_scripts/get_multipie.py [--from PATH] [--accept-licence]
"""

import sys

from depthnet_lib.cli import main

main(["data", "get", "multipie", *sys.argv[1:]])
