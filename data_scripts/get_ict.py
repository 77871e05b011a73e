"""ICT-FaceKit (MIT), a morphable face from scans: the zip of its repository, about 200 MB.

python data_scripts/get_ict.py [--from PATH] [--accept-licence]
"""

import sys

from depthnet_lib.cli import main

main(["data", "get", "ict", *sys.argv[1:]])
