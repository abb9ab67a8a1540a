/* Times and sizes in words. */

const two = (value) => (value < 10 ? String(Math.round(value * 10) / 10) : String(Math.round(value)));

export const say = {
  duration: (seconds) => {
    if (seconds < 1) return "under 1 s";
    if (seconds < 90) return `${Math.round(seconds)} s`;
    if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
    const hours = seconds / 3600;
    return hours < 48 ? `${two(hours)} h` : `${two(hours / 24)} days`;
  },
  ago: (seconds) => (seconds < 5 ? "just now" : `${say.duration(seconds)} ago`),
  bytes: (count) => {
    const units = ["B", "kB", "MB", "GB", "TB"];
    let place = 0;
    while (count >= 1000 && place < units.length - 1) { count /= 1000; place += 1; }
    return `${two(count)} ${units[place]}`;
  },
};
