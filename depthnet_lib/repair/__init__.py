"""Repair by unpaired translation (section 3.3, supplement S.4): a warped face is a cut-out; CycleGAN makes it whole."""
