/* The frame of every page: tabs, header, exports, the code of a view. */

export const say = {
  motto: "Look inside detection transformers, query by query, layer by layer",
  pagesLabel: "Pages",
  pages: { explore: "Explore", inside: "Inside", matching: "Matching", compare: "Compare", statistics: "Statistics", family: "Family", train: "Train", jobs: "Jobs", benchmark: "Benchmark" },
  copyLink: "Copy link", copied: "Link copied", theme: "Dark or light", reload: "Reload",
  restarted: "The server was restarted. Reload to go on; the address keeps your view.",
  lost: "Connection lost. Trying again …",
  exportMenu: "Export", exportPng: "Picture of this page (PNG)", exportNpz: "All arrays of the run (.npz)", exportJson: "Boxes, scores and the pinned query (JSON)",
  exportHtml: "Page that opens offline (HTML)", showCode: "Show the code", exporting: "Preparing the file …", exported: (file) => `${file} is in your downloads`, noRun: "Wait for a run first.",
  codeTitle: "The code of this view", codePython: "Python, in this folder", codeClient: "From any program, with gradio_client", copy: "Copy", copiedCode: "Copied", close: "Close",
  codeNote: "It loads the same detector and weights and prints the numbers shown here.",
  codeOwn: "The picture is your own: put its file's name in place of the one below.",
  offline: (when) => `Saved from DETR Atlas, ${when}. Works without a network.`,
};
