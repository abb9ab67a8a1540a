/* The visitor's language: the words of a page in it, its numbers and dates, and the server's sentences.

   language             "en" or "ru".
   words(page)          `words/<page>.<language>.js` exports `say`; what a language lacks is said in English.
   number(value, digits = 0), percent(share, digits = 0), date(milliseconds or ISO text)   as the language writes them.
   separators           ".," in English: before the decimals, between thousands; for charts.
   plural(count, forms) the form of a noun that fits: forms are {one, few, many, other}; the count is not included.
   told(sentence)       a sentence of the server in the visitor's language, where it is known there. */

export const LANGUAGES = { en: "English", ru: "Русский" };

const wished = () => {
  const asked = new URLSearchParams(location.search).get("lang");
  let kept = null;
  try { kept = localStorage.getItem("atlas-language"); } catch { /* storage may be closed to us */ }
  return [document.documentElement.dataset.language, asked, kept, navigator.language?.slice(0, 2)].find((name) => Object.hasOwn(LANGUAGES, name)) ?? "en";
};

export const language = wished();
document.documentElement.lang = language;

const own = (name) => import(`./words/${name}.${language}.js`).then((found) => found.say, () => null);

export async function words(page) {
  const [english, translated] = await Promise.all([import(`./words/${page}.en.js`), language === "en" ? null : own(page)]);
  return { ...english.say, ...translated };
}

const formats = new Map();
function format(kind, options) {
  const key = kind.name + JSON.stringify(options);
  if (!formats.has(key)) formats.set(key, new kind(language, options));
  return formats.get(key);
}

const decimals = [];                                  // by digits, with what was written before: lists write hundreds of numbers a frame
const decimal = (digits) => (decimals[digits] ??= { kept: new Map(), format: new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }) });

export function number(value, digits = 0) {
  const { kept, format: written } = decimal(digits);
  if (!kept.has(value)) {
    if (kept.size > 20000) kept.clear();
    kept.set(value, written.format(value));
  }
  return kept.get(value);
}

/** What stands before the decimals, and between thousands. */
export const separators = ["decimal", "group"].map((kind) => new Intl.NumberFormat(language, { useGrouping: "always" }).formatToParts(12345.6).find(({ type }) => type === kind).value).join("");
export const percent = (share, digits = 0) => `${number(share * 100, digits)} %`;
export const date = (time) => format(Intl.DateTimeFormat, { dateStyle: "medium", timeStyle: "short" }).format(new Date(time));
export const plural = (count, forms) => forms[format(Intl.PluralRules, {}).select(count)] ?? forms.other ?? forms.many;

const sentences = language === "en" ? [] : (await own("server")) ?? [];

export function told(sentence) {
  for (const [pattern, say] of sentences) {
    const found = pattern.exec(sentence);
    if (found) return typeof say === "string" ? say : say(...found.slice(1));
  }
  return sentence;
}
