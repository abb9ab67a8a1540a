/* Entry of the page's scripts: every panel on the page calls `mount` with its name. */
import "./keys.js";
import "./address.js";

/** Draw the panel `name` into Gradio's element; `server` carries the Python functions of the panel that has them. */
export async function mount(name, element, server) {
  const place = element.querySelector(`[data-panel="${name}"]`) ?? element;
  const { mount: draw } = await import(`./${name}.js`);
  draw(place, server);
}
