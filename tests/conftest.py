"""Settings of all tests: Triton's interpreter where there is no GPU, and patience with a busy machine."""
import os

import torch
from hypothesis import settings

if not torch.cuda.is_available():
    os.environ["TRITON_INTERPRET"] = "1"            # read when triton is first imported, by whichever test that is

settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
