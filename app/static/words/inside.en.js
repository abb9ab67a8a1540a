/* Every sentence of the page "Inside a query", in English. */
import { say as explore } from "./explore.en.js";

const count = (n, one, many) => `${n} ${n === 1 ? one : many}`;

export const say = {
  // head
  empty: "Choose a query to look into: pin one on the Explore page, or start with the best one here.", best: "Look into the best query", explore: "On the Explore page",
  opening: "Opening …", before: "The query before it in the list (arrow up)", after: "The next query in the list (arrow down)", layers: "Decoder layer", layer: (at) => `Layer ${at + 1}`, play: "Walk through the layers", pause: "Pause",
  line: (query, score, rank, total, detector) => `Query ${query} · final score ${score} · place ${rank} of ${total} · ${detector}`,
  // its way
  path: "Its way through the layers", attention: "Attention", savePicture: "Save this picture", pathLabel: "The query's boxes and centres, layer by layer, on the picture",
  pathFree: "The circles are the centres of the box after each layer. This detector gives its queries no place to start from: the first layer says the whole box.",
  pathFrom: (boxed) => `The square is where the query began${boxed ? ", with its first box dotted" : ""}; the circles are the centres of its box after each layer, dashed boxes are those of other layers. ` +
    "Every layer says its own box; only the last one is the detector's answer.",
  // what changed
  scores: "Class scores by layer", moves: "What each layer changed", moved: "centre moved", pixels: "px", overlapFinal: "IoU with the final box", layerAxis: "decoder layer",
  scoresLabel: (name, score) => `Class scores by layer; ${name} ends at ${score}`, movesLabel: "How far each layer moved the box, and its overlap with the final box",
  movesCaption: "Each layer has a prediction of its own, trained like the last one. Click a layer to go there.",
  // mosaic
  mosaic: "Where every head looked", saveMosaic: "Save the mosaic", largeLabel: "The chosen layer and head, enlarged", mosaicHint: "Rows are layers, columns are heads. Point to enlarge, click to keep; arrows move once it has the focus.",
  mosaicLabel: (at, head) => `Attention of every layer and head. Chosen: layer ${at + 1}, ${head === null ? "heads together" : `head ${head + 1}`}. Arrows move.`,
  reduceLabel: "Heads", reduceNames: { mean: "Mean", max: "Max", rollout: "Rollout" }, reduceShort: { mean: "mean", max: "max", rollout: "rollout" },
  reduceMeaning: { mean: "The mean of the heads", max: "At every place the head that read it most", rollout: "Followed back through the layers and the other queries" },
  reduced: { mean: "mean of the heads", max: "largest of the heads", rollout: "rollout up to here" }, head: (head) => `head ${head + 1}`, cell: (layer, heads) => `Layer ${layer + 1}, ${heads}`,
  scopeLabel: "Colours", scopeNames: { map: "This map", layer: "Its layer", all: "All" },
  scopeMeaning: { map: "The brightest colour is each map's own maximum", layer: "The brightest colour is the maximum of the layer: heads can be compared", all: "The brightest colour is the maximum of all: layers can be compared too" },
  scopeCaption: { map: "Colours are scaled to this map alone: do not compare its brightness with others.", layer: "Colours are scaled to the layer: heads of one layer can be compared.", all: "Colours have one scale over all layers and heads." },
  noView: explore.noView, level: explore.level, peak: (share) => `brightest ${share}`, partAlone: (part) => explore.partAlone(explore.part[part] ?? part),
  caption: {
    map: (layer) => `Cross-attention of decoder layer ${layer + 1} on the feature grid: how much each place was read. It does not say why the query decided as it did, and what a place holds was mixed by the encoder before.`,
    points: (layer) => `The only places that layer ${layer + 1} read: size is the weight, colour the feature level. Not a saliency map: nothing between the points was looked at.`,
    factors: (layer) => `Layer ${layer + 1}: the map is the product of attention along x and attention along y, so a bright place may be bright only because its row and its column are.`,
  },
  rolloutCaption: "Attention rollout: what reached this query through all layers up to here, by way of the other queries too. It takes half of every block's input and treats attention as all that happens, which is a rough model, and it does not undo the encoder.",
  // other queries
  others: "The other queries", othersLabel: "The query, and lines to the queries it listened to most", otherQuery: "query", listens: "listens to", listened: "heard by", lookInto: (query) => `Look into query ${query}`,
  othersCaption: "Lines go to the queries this one listened to most in self-attention; a thick line is a large weight. A weight says that one query read another, not what it did with it: that a duplicate gave way is seen from its falling score.",
  noOthers: "Self-attention was not kept for this run.", own: (share) => `For itself it kept ${share}.`,
  alone: "No other query says the same class of the same place (IoU above 0.5) at any layer: nobody had to give way.",
  rivals: (n) => `${count(n, "other query has", "other queries have")} said the same of the same place at some layer.`,
  below: (names) => `Ended below this one: ${names}.`, above: (names) => `Ended above it: ${names}.`,
  // formulas
  formula: "The formulas with its numbers", samplingTitle: "From reference to sampled place", samplingLead: "Offsets and weights come from the query alone; the value is read between the four tokens around the place.", pickPoint: "Sampled point",
  pointName: (head, level, share) => `head ${head + 1}, level ${level + 1}: ${share}`, reference: "Looked from", offset: "Offset", cells: "Δ, × 1 token", location: "Place", weight: "Weight", over: (n) => `over ${n} points of the head`, sums: "of 1 shared by all of them",
  softmaxTitle: "From score to share", softmaxLead: (head, row, column) => `Head ${head + 1}, the token it read most: row ${row}, column ${column} of the feature grid.`, score: "Score", share: "Share",
  partScore: { content: "What is there", spatial: "Where it is", gaussian: "Gaussian, ≤ 0" },
  productTitle: "From two shares to one", productLead: (head) => `Head ${head + 1}, at the column and the row it read most.`, alongX: "Along x", alongY: "Along y",
  boxTitle: "How the layer said its box", boxLead: "Four offsets, added in logits to the box it looked from.", pointLead: "The centre is the point it looked from plus an offset in logits; the size is said anew.", freeLead: "All four numbers are said anew from the content.",
  sidesLead: "A point with its distances to the four sides, as the layer got them, and the box it made of them.", pointWord: "Point", sides: "Sides", box: "Box",
  // what only some have
  special: "What is special about this detector", nothingSpecial: "Nothing beyond what stands above: plain queries and plain attention.",
  parts: "Attention by its summands", partsCaption: "A score is a sum of what is there and where it is. Each picture is the softmax of one summand alone; the first is the attention as it was used. They do not add up: softmax is not linear.",
  gaussians: "The Gaussians", gaussiansCaption: "Each head multiplies its attention by a Gaussian around a place it was told. Ellipses are one standard deviation.", gaussianSteps: { before: "Content alone", where: "Told to look here", after: "Both" },
  factors: "Row and column", factorsCaption: "Attention over w + h places in place of w × h: below along x, at the right along y, on the picture their product.", factorsName: "product of both",
  modulation: "Stretch by width and height", modulationCaption: "The spatial part is multiplied by the width and height that the content asks for over those of the box (numbers by layer: width · height). Below 1 attention gets wider along that axis, above 1 narrower; the dotted circle is no change. The ellipse shows the direction, not a measured width.",
  modulationOf: (layer, w, h) => `Layer ${layer + 1}: width ${w}, height ${h}`,
  scale: "How the content scales the place's code", scaleCaption: "One row a layer from the second on, one stripe a channel: blue below 1, orange above 1, clear at 1. The scale says which of the code's frequencies count, not where.",
  starts: "Where all queries look from", startsCaption: "A dot a query: what the chosen layer looks from, with a line from where it began. Where nothing moves, the points were learned or laid out and stay as they are. The large dot is this query.",
  siblings: "Queries from the same point", siblingsCaption: "They began at one place with different patterns as content, so that one point can find several objects, or one at several sizes.",
  tokens: "Which tokens the encoder refined", tokensCaption: "The encoder scores every token and refines the best. It learns to keep what the decoder reads most (right). The slider shows which tokens another share would keep by the same scores; nothing is run again.",
  kept: "refined, by level", received: "what the decoder read, all queries", ratio: "Share kept", keptOf: (level, n, total) => `level ${level + 1}: ${n} of ${total}`, asKept: (n, share) => `As it was: ${n} tokens, ${share}.`, asIf: (n) => `If ${n} were kept:`,
  agreement: (share) => `${share} of them are among the tokens that the decoder read most.`,
  proposals: "Encoder proposals", proposalsCaption: "How much each token looked like an object to the encoder, and the boxes of the best sixty queries as they were proposed. This query's is dashed.",
  began: (score, rank, total) => `It began as proposal ${rank} of ${total}, score ${score}.`, chosenOf: (level, n) => `level ${level + 1}: ${count(n, "query", "queries")}`,
  rehearsal: "What training adds", rehearse: "Rehearse training on this picture", rehearseAgain: "Again, with other noise", rehearsing: "Running one training pass …", unreachable: explore.unreachable,
  rehearsalCaption: "At inference none of these queries exist. Here one training pass is run, without learning, with the detector's own findings in place of labels, since nobody labelled this picture: so it shows the mechanism, not how well the detector is trained.",
  rehearsalName: "this object: start dotted (green should restore it, red should be called background), then the chosen layer", maskName: "who may see whom: rows look, filled columns are visible",
  rehearsalLabel: "Training-only queries of this object", maskLabel: "Self-attention mask of the training pass, group by group",
  copies: (n, mean, at) => `${count(n, "query was", "queries were")} asked for this object; at layer ${at + 1} they give its class ${mean} on average.`, flipped: (n) => `${count(n, "of them was", "of them were")} told a wrong class.`,
  negatives: (n, mean) => `${count(n, "further copy", "further copies")} should say background and still give ${mean}.`,
};
