"""The table of contents: one file a paper, in the order the story is told; importing a file registers its detectors."""
from . import detr as detr  # isort: skip
from . import deformable as deformable  # isort: skip
from . import anchor as anchor  # isort: skip
from . import conditional as conditional  # isort: skip
from . import dab as dab  # isort: skip
from . import smca as smca  # isort: skip
from . import sap as sap  # isort: skip
from . import dn as dn  # isort: skip
from . import dino as dino  # isort: skip
from . import h_deformable as h_deformable  # isort: skip
from . import sparse as sparse  # isort: skip
