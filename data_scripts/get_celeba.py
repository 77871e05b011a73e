"""CelebA (non-commercial research), the paper's CycleGAN: fetched from its page, then --from its folder.

python data_scripts/get_celeba.py [--from PATH] [--accept-licence]
"""

import sys

from depthnet_lib.cli import main

main(["data", "get", "celeba", *sys.argv[1:]])
