/* Every sentence of the Explore page, in English. */

import { number, percent } from "../words.js";

export const say = {
  // what goes wrong
  unreachable: "The server does not answer. Check that it is running, then try again.",
  emptyFile: "The file is empty: choose another one.",
  largeFile: "The file is larger than 40 MB: send a smaller copy.",
  unreadable: "The picture could not be read: choose another one.",
  noCamera: "No camera can be used here: allow it in the browser, or upload a file.",
  // states
  empty: "Choose an example or bring a picture of your own to begin.",
  reading: "Reading the picture …",
  opening: "Opening …", running: "Running the detector …",
  line: (ahead) => `In line: ${ahead} ${ahead === 1 ? "run" : "runs"} before yours …`,
  // source
  examples: "Examples", upload: "Upload", camera: "Camera", own: "Your own picture", dropHint: "or drop or paste it anywhere", model: "Detector",
  weights: "Weights", take: "Take the picture", cancel: "Cancel", example: (title) => `Example: ${title}`, noWeights: "No trained weights are installed: put them under assets/weights, then reload.",
  // stage
  threshold: "Score ≥", top: "Best", attention: "Attention", trail: "Path", boxes: "Boxes", proposals: "Proposals", zoom: "Zoom",
  stage: "Picture with the detections. Arrow up and down: query. Left and right: layer. Escape: one level back.",
  counted: (count, threshold) => `${count} ${count === 1 ? "object" : "objects"} at or above ${number(threshold, 2)}`,
  input: "Input", inputSize: ([height, width]) => `${width} × ${height} px`, time: "Network, recorded", took: (facts) => `${Math.round(facts.timing.network)} ms on ${facts.device}`,
  query: (query) => `Query ${query}`,
  at: (layer, layers) => `layer ${layer + 1} of ${layers}`,
  shortly: (layer) => `layer ${layer + 1}`,
  // what a picture is and is not
  heads: (head, heads) => (head === null ? `mean of ${heads} heads` : `head ${head + 1} of ${heads}`),
  map: (layer, layers, heads) => `Dense cross-attention of decoder ${say.at(layer, layers)}, ${heads}, drawn on the feature grid. ` +
    "It shows how much each place was read, not why the query decided as it did.",
  points: (layer, layers, heads) => `Sampled cross-attention of decoder ${say.at(layer, layers)}, ${heads}: the only places the query read, ` +
    "sized by weight and coloured by feature level. Not a saliency map, and not a cause.",
  factors: (layer, layers, heads) => `Row-column cross-attention of decoder ${say.at(layer, layers)}, ${heads}: the map is the product of the attention along x ` +
    "(below) and along y (at the right). It shows how much each place was read, not why the query decided as it did.",
  gaussians: " Ellipses: where each head was told to look, one standard deviation wide.",
  tokensCaption: "Coloured squares are the tokens that the encoder refined, one colour a feature level; the dark rest went on as the backbone left it.",
  tokens: "Tokens", partsLabel: "Which part of the attention",
  part: { whole: "Whole", content: "Content", spatial: "Spatial", unsized: "Unsized", point: "Point", box: "Corners", gaussian: "Gaussian" },
  partMeaning: { whole: "The attention as it was used", content: "What the content alone would look at", spatial: "What the place alone would look at", unsized: "The spatial part without its modulation by width and height",
    point: "What the point alone would look at", box: "What the box's corners alone would look at", gaussian: "The Gaussians alone" },
  partAlone: (part) => `${part} alone, as if the other summands of the scores were not there. `,
  noView: "This layer left no attention that can be drawn on the picture.",
  peak: (value) => `brightest ${percent(value, value >= 0.1 ? 0 : 1)}`,
  level: (level, shape) => `level ${level + 1}${shape ? ` (${shape[1]} × ${shape[0]})` : ""}`,
  // queries
  queries: "Queries", queriesNote: "by final score", below: "below the threshold", noQueries: "No run yet.",
  // layers
  layers: "Decoder layers", play: "Walk through the layers", pause: "Pause", layer: "Layer ", found: "found", layerOf: (layer) => `Layer ${layer + 1}`,
  // card
  scores: "Class scores by layer", boxByLayer: "Box by layer", overlap: "IoU with final", moved: "Centre moved, px",
  widthRow: "Width, px", heightRow: "Height, px", classes: "Classes", data: "Trained on", heads_: "Where it looked", mean: "Mean", head: (head) => `Head ${head + 1}`, unpin: "Back to the overview",
  share: "Attention by feature level", pinned: "pinned", preview: "preview", from: (score) => `Began as an encoder proposal, score ${number(score, 2)}`,
  overview: "What is in the picture", about: "The detector", keys: "Keys", paper: "Paper", code: "Code",
  trained: "Weights", noObjects: "Nothing reaches the threshold. Lower it, or choose another picture.",
  refine: "iterative refinement", twoStage: "two-stage", titles: {},
  overviewHint: "Point at a box or a row to preview a query, click to pin it.",
  meaning: {
    "IoU with final": "Area shared with the last layer's box, divided by the area of both together",
    "Centre moved, px": "How far the box's centre moved from what the layer started with, in pixels of the picture",
  },
  keyList: [["↑ ↓", "query"], ["← →", "layer"], ["Esc", "one level back"], ["A", "attention"], ["P", "path"], ["Z", "zoom"]],
};
