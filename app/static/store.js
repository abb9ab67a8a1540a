/* State with listeners. `on` replays the present state, so that a panel opened late is right at once. */

let drawing = null;

/** What is drawing just now (see onFrame), to be called again where not the state but the page's measures have changed. */
export const drawer = () => drawing;

/** {get, set, on, onFrame} around `state`. */
export function store(state) {
  const listeners = new Set();
  const get = () => state;

  /** Change some keys; listeners of those that really changed are called before this returns. */
  function set(patch) {
    const changed = Object.keys(patch).filter((key) => !Object.is(state[key], patch[key]));
    if (!changed.length) return;
    Object.assign(state, patch);
    for (const { keys, call } of [...listeners]) {
      if (!keys || changed.some((key) => keys.has(key))) call(state, changed);
    }
  }

  /** Call now and on every change of `keys` (null: any). Returns the way to stop. */
  function on(keys, call) {
    const entry = { keys: keys && new Set(keys), call };
    listeners.add(entry);
    call(state, keys || Object.keys(state));
    return () => listeners.delete(entry);
  }

  /** The same, at most once a frame: for everything that draws. */
  function onFrame(keys, draw) {
    let waiting = false;
    const later = () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        drawing = later;
        try { draw(state); } finally { drawing = null; }
      });
    };
    on(keys, later);
    return later;
  }

  return { get, set, on, onFrame };
}
