/* Python that computes what a page shows: codeOf(state) -> Promise<{python, client}> for the page that is open.

   Whatever comes from a file or a visitor enters as a string of JSON, which is a string of Python too. */
import { layer } from "./bus.js";

const text = JSON.stringify;

export async function codeOf(state) {
  const view = viewOf(state);
  return { python: await (PAGES[state.page] ?? inside)(view), client: client(view, state.page === "compare" ? compared(state) : [[view.model, view.weights]]) };
}

/** The selection as numbers and Python literals. */
function viewOf({ run, picture, model, weights, query, head, threshold, examples }) {
  const at = layer();
  const example = examples.find(({ id }) => `example:${id}` === picture);
  const file = text(example ? `assets/examples/${example.file}` : run.facts.picture.name || "photo.jpg");
  return { run, model, weights, at, file, threshold, look: run.view(at), query: query ?? run.order[0], head: typeof head === "number" ? head : null };
}

/** The detectors side by side, as the address says. */
function compared({ model, weights }) {
  const said = new URLSearchParams(location.search).get("compare");
  return said ? said.split(",").map((each) => each.split("@")).filter((each) => each.length === 2) : [[model, weights]];
}

const client = ({ file, query, threshold, at }, detectors) => `from gradio_client import Client, handle_file

atlas = Client(${text(new URL("./", document.baseURI).href)})
for variant, weights in ${text(detectors)}:
    found = atlas.predict(picture=handle_file(${file}), variant=variant, weights=weights,
                          query=${query}, threshold=${threshold}, api_name="/inspect")
    print(variant, found["detections"])                                   # name, score, box in pixels, query
    print(found["layers"][${at}])                                            # box, reference point and class scores of the query
    print({path: view["kind"] for path, view in found["attention"].items()})
`;

const loaded = ({ model, weights, file }, more = "") => `import torch

import detr_core
from detr_core.data import read_image
${more}
detector = detr_core.load(${text(model)}, weights=${text(weights)})
picture = read_image(${file})
`;

const objects = ({ threshold }) => `
found = detector.predict(picture, threshold=${threshold})
for name, score, box in zip(found.names, found.scores.tolist(), found.boxes.tolist()):
    print(name, round(score, 2), [round(side) for side in box])            # x0, y0, x1, y1 in pixels
`;

/** How Python asks for what a layer's attention left, by its kind; head null is the mean. */
const LOOK = {
  points: (head) => `locations, weights = seen.locations[query], seen.weights[query]          # [head, level, point, 2] in 0..1 of the picture
share = weights${head === null ? ".mean(0)" : `[${head}]`}.sum(-1)                                      # ${head === null ? "mean of the heads" : `head ${head + 1}`}, by feature level
print("share by level", share.round(3))
`,
  map: (head) => `attention = seen.weights${head === null ? "[:, query].mean(0)" : `[${head}, query]`}                               # ${head === null ? "mean of the heads" : `head ${head + 1}`}, over the memory's tokens
print("brightest token", attention.argmax(), attention.max().round(4), "of levels", seen.shapes)
`,
};
LOOK.factors = LOOK.map;

/** The objects of the picture, and one query at one layer with what it looked at. */
function inside(view) {
  const { at, query, head, look } = view;
  const ask = LOOK[look?.kind];
  const seen = ask ? `
seen = views(tape.entries, output.memory)["${look.path}"]${look.kind === "factors" ? ".dense()" : ""}
${ask(head === null ? null : Math.min(head, look.heads - 1))}` : "";
  return `${loaded(view, "from detr_core.views import views\n")}${objects(view)}
with torch.inference_mode(), detr_core.Tape(detector, ("decoder.*",)) as tape:
    output = detector(detector.batch([picture]))

layer, query = ${at}, ${query}                                                    # both count from 0 here
scores = detector.postprocess.scores(output.layers[layer].logits[0])[query]
box = output.layers[layer].boxes[0, query]                                # cx, cy, w, h in 0..1 of the picture
print("query", query, detector.names[int(scores.argmax())], round(float(scores.max()), 2), box.tolist())
${seen}`;
}

/** The same picture by every detector chosen, and what their recipes differ in. */
function comparison(view) {
  const detectors = compared(view);
  return `import detr_core

picture = ${view.file}
for variant, weights in ${text(detectors)}:
    detector = detr_core.load(variant, weights=weights)
    found = detector.predict(picture, threshold=${view.threshold})
    print(variant, [(name, round(score, 2)) for name, score in zip(found.names, found.scores.tolist())])

one, other = (detr_core.VARIANTS[variant].recipe for variant in ${text([detectors[0][0], detectors.at(-1)[0]])})
for part, (first, second) in other.difference(one).items():
    print(part, first, "->", second, sep="  ")
`;
}

/** The costs and the assignment of one layer, with the objects and weights of the lab. */
async function matched(view) {
  const { lab } = await import("./matching/lab.js");
  const { objects: drawn, weights } = lab();
  const known = drawn.filter(({ label }) => label >= 0);
  if (!known.length) return inside(view);
  return `${loaded(view, "from detr_core.structures import Targets\nfrom detr_core.training.assignment import Hungarian\n")}
targets = Targets(torch.tensor(${text(known.map(({ label }) => label))}),
                  torch.tensor(${text(known.map(({ box }) => [...box].map((side) => Number(side.toFixed(5)))))}))     # cx, cy, w, h in 0..1

with torch.inference_mode():
    prediction = detector(detector.batch([picture])).layers[${view.at}]

objective = detector.recipe.objective(detector.recipe)
objective.cost_weights |= ${text(weights)}
terms = objective.costs(prediction.each(lambda values: values[0]), targets)    # unweighted, [query, object] a term
cost = objective.cost(prediction.each(lambda values: values[0]), targets)
(queries, objects), = Hungarian()(objective, prediction, [targets])
for query, index in zip(queries.tolist(), objects.tolist()):
    parts = {term: round(float(matrix[query, index]), 3) for term, matrix in terms.items()}
    print("query", query, "->", detector.names[int(targets.labels[index])], round(float(cost[query, index]), 3), parts)
`;
}

const PAGES = { compare: comparison, matching: matched };
