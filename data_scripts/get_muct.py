"""MUCT landmarks (academic use; the photos are never shown), 3,755 faces with 76 points: one small tar.gz.

python data_scripts/get_muct.py [--from PATH] [--accept-licence]
"""

import sys

from depthnet_lib.cli import main

main(["data", "get", "muct", *sys.argv[1:]])
