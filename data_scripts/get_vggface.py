"""VGG-Face, the pairs of the paper's table 1: lists of web addresses; bring the photos that you have.

python data_scripts/get_vggface.py [--from PATH] [--accept-licence]
"""

import sys

from depthnet_lib.cli import main

main(["data", "get", "vggface", *sys.argv[1:]])
