/* The parts of a detector, in English. */

export const say = {
  flow: "Parts along the picture's way through the detector", sizes: "Sizes", yes: "yes", no: "no", none: "none", nothing: "No part of its own here.",
  stages: { pixels: "From pixels to tokens", encoder: "Encoder", queries: "Queries", decoder: "Decoder", boxes: "Boxes and classes", training: "Training" },
  slots: {
    preprocess: "Preparation", backbone: "Backbone", neck: "Neck", token_code: "Code of a token's place", encoder: "Encoder", encoder_layer: "Encoder layer", token_attention: "Attention among tokens",
    query_init: "Where queries start", position: "Position of queries", geometry: "What an anchor is", decoder: "Decoder", decoder_layer: "Decoder layer", self_attention: "Self-attention",
    cross_attention: "Cross-attention", feed_forward: "Feed-forward", activation: "Activation", refinement: "What the next layer gets", class_head: "Class head", box_head: "Box head",
    final_norm: "Norm before the heads", shared_heads: "Heads shared by layers", postprocess: "Read-out", objective: "Loss", schemes: "Training schemes",
    short: "Short side, px", long: "Long side, px", classes: "Classes", width: "Width", heads: "Attention heads", hidden: "Feed-forward width", dropout: "Dropout", queries: "Queries",
    extra_queries: "Extra training queries", levels: "Feature levels", encoder_layers: "Encoder layers", decoder_layers: "Decoder layers",
  },
};
