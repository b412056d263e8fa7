"""The kernel: what every service is built on. No word of the domain but the contracts."""

import warnings

# nameko is given and runs on eventlet, which says at every import that it is deprecated. Here, because every
# module that imports eventlet comes after this one: the command line is not to begin with that sentence.
warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
