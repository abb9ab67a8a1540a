/* Все слова лаборатории сопоставления по-русски. */
import { number, plural } from "../words.js";

const objects = (count) => `${count} ${plural(count, { one: "объект", few: "объекта", many: "объектов", other: "объекта" })}`;
const queries = (count) => `${count} ${plural(count, { one: "запрос", few: "запроса", many: "запросов", other: "запроса" })}`;
const times = (count) => `${count} ${plural(count, { one: "раз", few: "раза", many: "раз", other: "раза" })}`;

export const say = {
  examples: "Примеры", own: "Свой снимок", png: "Сохранить картинку", unreachable: "Сервер не отвечает. Проверьте, что он запущен, и попробуйте ещё раз.",
  oldRun: "В этом сохранённом прогоне нет правил сопоставления: соберите прогоны заново командой `python -m app.make_runs`.",
  fetching: "Получаем оценки классов всех запросов …",
  // снимок
  stage: "Снимок с объектами. Протяните указатель, чтобы нарисовать объект. Скобки: следующий объект. Стрелки: сдвинуть, с Shift: изменить размер. N: новый объект. Delete: удалить. Escape: отпустить.",
  count: (count, all) => `${objects(count)}, ${queries(all)}`,
  layer: (at, layers) => `слой ${at + 1} из ${layers}`, layers: "Слой", firstLayer: "Перед первым слоем других нет",
  flips: (count) => (count ? `${objects(count)} ${plural(count, { one: "сменил", other: "сменили" })} запрос после предыдущего слоя` : "ни один объект не сменил запрос"),
  from: { labels: "Объекты взяты из разметки примера.", detections: "Объекты — то, что нашёл последний слой: поправьте их.", drawn: "Объекты заданы вами." },
  caption: "Сплошная рамка — объект, пунктир того же цвета — сопоставленный ему запрос. Протяните указатель, чтобы нарисовать ещё один; нажмите на объект, чтобы сдвинуть его или изменить размер. Сопоставление нужно только при обучении; здесь оно решено для этого снимка.",
  none: "Объектов нет: нарисуйте рамку на снимке или нажмите N.",
  restore: "Вернуть объекты", removeAll: "Убрать все", query: (query) => `запрос ${query}`,
  // объекты
  objects: "Объекты", objectsNote: "сопоставленный запрос по слоям; ⇄ — сменился", classOf: (place) => `Класс объекта ${place}`, object: (place) => `Объект ${place}`,
  remove: "Удалить", removeOf: (place) => `Удалить объект ${place}`, unknownClass: (name) => `${name} (весам неизвестен)`,
  unmatched: "Для этого объекта не хватило запроса.", flippedFrom: (now, before) => (before < 0 ? `запрос ${now}; на предыдущем слое не было` : `запрос ${now}; на предыдущем слое был запрос ${before}`),
  // веса
  weights: "Цена сопоставления", official: "Из статьи", officialIs: (value) => `Вес из статьи: ${value}`, forbids: "запрещает точки вне объекта",
  terms: { total: "Сумма", class: "Класс", l1: "L1", giou: "GIoU", outside: "Вне рамки" },
  formula: (kind, l1) => `Цена = класс (${kind.kind === "focal" ? `фокальная, α ${number(kind.alpha, 2)}, γ ${kind.gamma}` : "минус вероятность"}) + расстояние L1 ${l1.corners ? "углов" : "центра и размера"} − GIoU, каждое со своим весом.`,
  // пара
  pair: "Пара по слагаемым", findAmbiguous: "Самая спорная", noPair: "Наведите указатель на клетку матрицы или на объект.",
  size: (place, width, height) => `объект ${place}, ${width} × ${height} пикс.`, sum: "Итого", matched: "сопоставлен", takenBy: (place) => `у объекта ${place}`, free: "без объекта",
  probabilities: (values) => `p = ${values.join(" и ")}`, overlaps: (values) => `GIoU ${values.join(" и ")}`, distances: (values) => `расстояние ${values.join(" и ")}`, noSuchClass: "такого класса нет",
  dearer: (other, own, gap) => `Запрос ${other} обошёлся бы на ${gap} дороже запроса ${own}, которому достался объект.`,
  cheaper: (other, own, gap, taken) => `Запрос ${other} обошёлся бы на ${gap} дешевле запроса ${own}, но ${taken ? `объекту ${taken} он нужнее: важна только сумма` : "так меньше сумма"}.`,
  // матрица
  matrixTitle: "Матрица цен", matrix: "Матрица цен: объекты по строкам, запросы по столбцам. Стрелки: другая пара.", shown: (count, all) => `${count} из ${queries(all)}`, every: "Все запросы",
  order: { score: "По оценке", match: "Сначала пары" }, term: { total: "Сумма" }, cell: (name, query, cost) => `${name}, запрос ${query}, цена ${cost}`,
  cheap: "дёшево", assigned: "сопоставлены", assignedBefore: "сопоставлены на предыдущем слое",
  // один ко многим
  manyTitle: "Один запрос на объект или несколько", manyNote: "Одни и те же предсказания по четырём правилам. Больше положительных примеров — быстрее обучение; без подавления дублей обходится только «один к одному».",
  further: (count, repeat) => `При обучении у этого детектора есть ещё ${queries(count)}, сопоставленных каждому объекту ${times(repeat)}; при выводе их нет, поэтому правило показано на оставшихся.`,
  rules: {
    oneToOne: { title: "Один к одному", who: "DETR и его потомки", value: "по одному запросу" },
    repeated: { title: "С повторами", who: "H-Deformable-DETR", value: "Повторов" },
    grouped: { title: "Группы", who: "Group DETR", value: "Групп" },
    byOverlap: { title: "По перекрытию", who: "DETA, якоря", value: "IoU ≥" },
  },
  counts: (positives, all, count) => `Положительных: ${positives} из ${queries(all)}${count ? `, ${number(positives / count, 1)} на объект` : ""}.`,
  // удаление шума
  noiseTitle: "Запросы, которые есть только при обучении", noDenoising: "Эти веса обучены без удаления шума. Оно есть у DN-DETR, его деформируемого варианта и DINO.",
  noiseNote: {
    centre: "Копии объектов с шумом в метке и рамке присоединяются к запросам и должны быть восстановлены (DN-DETR). Центр сдвигается не больше чем на шум, умноженный на половину размера, размер — на шум, умноженный на него самого. Линия ведёт к тому, чем копия должна стать.",
    sides: "В каждой группе объект входит дважды (DINO). У положительных копий, цвета объекта, каждая сторона сдвинута не больше чем на шум, умноженный на половину размера, и они должны восстановить объект; отрицательные, красные и точечные, сдвинуты на одну-две таких величины и должны ответить «фон».",
  },
  maskOnly: "Дополнительные запросы детектора и его собственные проходят один декодер и не видят друг друга.",
  noiseCounts: (groups, positives, negatives, flipped) => `${groups} ${plural(groups, { one: "группа", few: "группы", many: "групп", other: "группы" })}: положительных ${positives}${negatives ? `, отрицательных ${negatives}` : ""}; с чужой меткой ${flipped}.`,
  boxNoise: "Шум рамки", labelNoise: "Шум метки", whichGroup: "Показать", allGroups: "Все группы", group: (place) => `Группа ${place}`, again: "Ещё раз", pretends: (name) => `метка ${name}`,
  maskTitle: "Кто кого видит", maskNote: "строки смотрят, на столбцы смотрят", groupNames: { denoising: "шумовые", queries: "основные", many: "один ко многим" },
  sees: (row, column, may) => `${row} ${may ? "видит" : "не видит"}: ${column}.`,
  maskSizes: (groups) => [...groups.reduce((sizes, [name, size]) => sizes.set(name, (sizes.get(name) ?? 0) + size), new Map())].map(([name, size]) => `${say.groupNames[name]}: ${Math.round(size)}`).join(", ") + ". Пусто — скрыто, чтобы ответ не подсмотрели.",
};
