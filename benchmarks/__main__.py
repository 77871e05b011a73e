"""All tables of speed, or those named: `python -m benchmarks [depthnet ...]`."""

import importlib
import pkgutil
import sys

import benchmarks

known = sorted(m.name for m in pkgutil.iter_modules(benchmarks.__path__) if not m.name.startswith("_"))
wanted = sys.argv[1:] or known
if unknown := set(wanted) - set(known):
    sys.exit(f"benchmarks: no {', '.join(sorted(unknown))}; there are: {', '.join(known)}")
for name in wanted:
    importlib.import_module(f"benchmarks.{name}").main()
