/* Every sentence of the Family tree page, in English. */

export const say = {
  reading: "Reading the family …", unread: "The family could not be read: reload the page.", tree: "Lineage of the detectors. Arrows walk, Enter opens the card.",
  search: "Search", searchHint: "Name, title, idea …", year: "Year", section: "Section of the survey", kind: "Kind", built: "Built here", card: "The chosen system",
  count: (shown, all, built) => `${shown === all ? `${all} systems` : `${shown} of ${all} systems`}, ${built} built here`, save: "Save what is shown (JSON)",
  parentLine: "child of", borrowLine: "borrows from", greyBox: "not built here yet", weightsDot: "trained weights included", builtHere: "built here", notBuilt: "not built here yet",
  choose: "Choose a system in the tree.", trainingOnly: "changes training only", paper: "Paper", code: "Authors' code",
  from: "From ", andFrom: ", with ideas of ", explore: "Open in Explore", compare: "Compare with the parent",
  notBuiltYet: "Not built here yet: the card tells what is published.", noWeights: "Built, but no trained weights are included yet.",
  changes: (parent) => `What changes against ${parent}`, root: "Where it begins", rootText: "It changes nothing in another system: others begin here.",
  noParts: "The parts can be compared once it is built here.", parentNotBuilt: "Its parent is not built here, so the parts cannot be compared.", showCode: "Show the code of these parts", again: "The code could not be read: try again.",
  claims: "What is claimed", paperSays: "The paper", surveySays: "The survey", codeSays: "The code, where it differs", repository: "authors' repository",
  facts: "Published figures", noFacts: "No figure is confirmed against a source.", epochs: (count) => ` after ${count} epochs`,
  what: { parameters: "Parameters", flops: "Computation", ap: "AP", queries: "Queries" },
  sources: { repository: "authors' repository", abstract: "the paper's abstract", parent: "as its parent, whose network it keeps", quoted: "another repository" },
  measured: "Measured here", data: "Pictures", seen: "Trained on", measuredNote: "Small detectors on this project's own validation pictures; not comparable with the published COCO figures.",
};
