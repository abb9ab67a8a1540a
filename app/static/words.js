/* The visitor's language, and the words of a page in it: `words/<page>.<language>.js` exports `say`. */

export const LANGUAGES = { en: "English", ru: "Русский" };

const wished = () => {
  const asked = new URLSearchParams(location.search).get("lang");
  let kept = null;
  try { kept = localStorage.getItem("atlas-language"); } catch { /* storage may be closed to us */ }
  return [asked, kept, navigator.language?.slice(0, 2)].find((name) => Object.hasOwn(LANGUAGES, name)) ?? "en";
};

export const language = wished();

/** Every sentence of a page; those that a language lacks are said in English. */
export async function words(page) {
  const english = (await import(`./words/${page}.en.js`)).say;
  if (language === "en") return english;
  const own = await import(`./words/${page}.${language}.js`).catch(() => null);
  return { ...english, ...own?.say };
}
