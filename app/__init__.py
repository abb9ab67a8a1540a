"""DETR Atlas: pages that look inside the detectors of `detr_core`."""
