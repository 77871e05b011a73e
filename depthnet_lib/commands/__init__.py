"""The commands of `depthnets`, a module each; heavy libraries are imported inside them, so that --help is quick."""
