/* Время и объёмы словами. */

const two = (value) => (value < 10 ? String(Math.round(value * 10) / 10).replace(".", ",") : String(Math.round(value)));

export const say = {
  duration: (seconds) => {
    if (seconds < 1) return "меньше 1 с";
    if (seconds < 90) return `${Math.round(seconds)} с`;
    if (seconds < 90 * 60) return `${Math.round(seconds / 60)} мин`;
    const hours = seconds / 3600;
    return hours < 48 ? `${two(hours)} ч` : `${two(hours / 24)} сут`;
  },
  ago: (seconds) => (seconds < 5 ? "только что" : `${say.duration(seconds)} назад`),
  bytes: (count) => {
    const units = ["Б", "кБ", "МБ", "ГБ", "ТБ"];
    let place = 0;
    while (count >= 1000 && place < units.length - 1) { count /= 1000; place += 1; }
    return `${two(count)} ${units[place]}`;
  },
};
