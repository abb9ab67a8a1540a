"""A recorded case's arguments, read so that none is left out by mistake."""
from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# about schedules, data, files, logs and what follows the network: they change none of the recorded numbers
ELSEWHERE = set("""
amp argv backbone_freeze_keywords backbone_from_scratch batch_size cache_mode clip_max_norm coco_panoptic_path coco_path
data_aug_max_size data_aug_scale_overlap data_aug_scales data_aug_scales2_crop data_aug_scales2_resize data_path dataset_file
ddetr_lr_param debug device dice_loss_coef dist_backend dist_url distributed dln_hw_noise dln_xy_noise dn_labelbook_size ema_decay
ema_epoch enc_loss_coef epochs eval eval_every find_unused_params finetune_early_layers fix_size gamma gpu local_rank lr lr_backbone
lr_backbone_mult lr_backbone_names lr_drop lr_drop_epochs lr_drop_list lr_linear_proj_mult lr_linear_proj_names mask_loss_coef
match_unstable_error modelname multi_step_lr name nms_iou_threshold num_results num_select num_workers onecyclelr output_dir
param_dict_type rank remove_difficult resume save_checkpoint_interval save_log save_results seed sgd start_epoch topk
two_stage_bbox_embed_share two_stage_class_embed_share two_stage_default_hw use_checkpoint use_ema weight_decay world_size
""".split())
# the one value that our parts have
FIXED = {"batch_norm_type": "FrozenBatchNorm2d", "box_attn_type": "roi_align", "decoder_module_seq": ["sa", "ca", "ffn"],
         "decoder_sa_type": "sa", "first_independent_head": True, "fix_refpoints_hw": -1, "focal": "alpha 0.25 gamma 2",
         "interm_loss_coef": 1, "iter_update": True, "mask_prediction_coef": 1, "matcher_type": "HungarianMatcher",
         "meshgrid_refpoints_xy": True, "pdetr3_refHW": -1, "query_dim": 4}


class Arguments(dict):
    """Remembers which arguments were asked for; copies made by `but` remember together."""

    def __init__(self, values: Mapping[str, Any], asked: set[str] | None = None):
        super().__init__(values)
        self.asked = set() if asked is None else asked

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        if name not in self.keys():
            raise ValueError(f"The case's arguments lack {name}: record it anew with all of them.")
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.asked.add(str(name))
        return super().__contains__(name)

    def but(self, **changes: Any) -> Arguments:
        return Arguments({**self, **changes}, self.asked)

    def one_of(self, name: str, values: Any, default: Any) -> Any:
        """A choice; ValueError for any other than these."""
        if (value := self.get(name, default)) not in values:
            raise ValueError(f"The case has {name}={value!r}, and only {', '.join(map(repr, values))} can be built.")
        return value

    def without_meaning(self, *names: str) -> None:
        """The program of this case does not read these."""
        self.asked.update(names)

    def done(self) -> None:
        """Raises ValueError where an argument that is on was never asked for: the recipe would be another detector."""
        left = {name: value for name, value in self.items() if name not in self.asked | ELSEWHERE}
        wrong = {name: value for name, value in left.items() if (value != FIXED[name] if name in FIXED else value)}
        if wrong:
            said = ", ".join(f"{name}={value!r}" for name, value in wrong.items())
            raise ValueError(f"No recipe is known for {said}: teach tests/parity_recipes.py what that means.")
