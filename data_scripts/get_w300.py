"""300-W (research only), what the paper trained its keypoint network on: ask iBUG, then --from its folder.

python data_scripts/get_w300.py [--from PATH] [--accept-licence]
"""

import sys

from depthnet_lib.cli import main

main(["data", "get", "300w", *sys.argv[1:]])
