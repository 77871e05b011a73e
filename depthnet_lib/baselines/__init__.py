"""What the DepthNets are compared with: closed forms, the average face, AIGN and a MOFA-style model."""
