"""Face Research Lab London Set (CC BY 4.0): fetched by hand from figshare, then --from its folder.

python data_scripts/get_london.py [--from PATH] [--accept-licence]
"""

import sys

from depthnet_lib.cli import main

main(["data", "get", "london", *sys.argv[1:]])
