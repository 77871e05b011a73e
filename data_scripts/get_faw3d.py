"""3DFAW (on request), the data of the paper's tables 2 and 3: ask its organisers, then --from its folder.

python data_scripts/get_faw3d.py [--from PATH] [--accept-licence]
"""

import sys

from depthnet_lib.cli import main

main(["data", "get", "3dfaw", *sys.argv[1:]])
