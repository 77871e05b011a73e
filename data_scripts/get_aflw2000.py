"""AFLW2000-3D (research only), 2,000 photos with 68 points in 3D: one zip of 87 MB.

python data_scripts/get_aflw2000.py [--from PATH] [--accept-licence]
"""

import sys

from depthnet_lib.cli import main

main(["data", "get", "aflw2000", *sys.argv[1:]])
