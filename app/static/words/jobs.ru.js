/* Страница заданий по-русски. */
import { number, plural } from "../words.js";
import { say as train } from "./train.ru.js";
import { say as units } from "./units.ru.js";

const count = (value, one, few, many) => `${value} ${plural(value, { one, few, many, other: few })}`;
const listed = (names, all, shown = names.slice(0, 6)) => shown.map((name) => `«${name}»`).join(", ") + (all > shown.length ? ` и ещё ${all - shown.length}` : "");

export const say = {
  ...units, name: train.name,
  jobs: "Задания", loading: "Читаю задания …", noJobs: "Заданий пока нет.", newRun: "Новое", overlay: "Нарисовать на кривых", demo: "пример", demoName: "Кроны деревьев сверху",
  demoWords: "Готовый пример из комплекта",
  states: { queued: "В очереди", preparing: "Готовится", running: "Идёт", stopping: "Останавливается", stopped: "Остановлено", failed: "Не удалось", interrupted: "Прервано", finished: "Завершено", warning: "Предупреждение" },
  reasons: [
    [/^a stop was asked for\.?$/i, () => "вы попросили остановить"], [/^SIG\w+ was received$/, () => "процесс попросили завершиться"],
    [/^AP has not risen for (\d+) evaluations\.?$/, (n) => `закончено раньше: AP не вырос за ${count(n, "измерение", "измерения", "измерений")}`],
    [/^(\d+) of (\d+) views$/, (done, all) => `признаки: ${done} видов из ${all}`], [/^Starting\.$/, () => "начинается"],
    [/^Stopped before it began\.$/, () => "остановлено до начала"], [/^Goes on from its last checkpoint\.$/, () => "продолжится с последнего сохранения"],
    [/^Goes on from step (\d+)\.$/, (step) => `продолжается с шага ${step}`], [/^Goes on from step (\d+) by itself\.$/, (step) => `само продолжится с шага ${step}`],
    [/^Ended at once; goes on from step (\d+)\.$/, (step) => `завершено сразу; продолжится с шага ${step}`],
    [/^The server was restarted; the run went on\.$/, () => "сервер перезапускали, обучение шло дальше"],
  ],
  position: (place) => `· место ${place}`, ahead: (n) => `впереди: ${n}`,
  since: (seconds) => `уже ${units.duration(seconds)}`, on: (data) => `на ${data}`, from: (start) => `с весов ${start}`, fromNothing: "со случайных чисел", device: (name) => `на ${name}`,
  step: "Шаг", passes: "Проходы", left: "Осталось", speed: "Скорость", perSecond: (value) => `${value} сн./с`, spent: "Обучалось", memory: "Память", best: "Лучшее", created: "Создано", patience: "Закончит раньше", evaluationsMore: (n) => `если AP не вырастет ещё ${count(n, "измерение", "измерения", "измерений")}`,
  of: (now, all) => `${now} / ${all}`,
  actions: { stop: "Остановить", kill: "Завершить сразу", resume: "Продолжить", clone: "Повторить с правками", delete: "Удалить" }, cancel: "Отмена",
  deleteSure: (name) => `Удалить «${name}» вместе с весами, кривыми и журналом? Вернуть будет нельзя.`,

  alerts: { memory: "Не хватило памяти", diverged: "Потери перестали быть числом", disk: "Диск полон", data: "Данные не читаются", killed: "Процесс убит", error: "Обучение не удалось" },
  meanings: {
    memory: "Снимки одного шага не поместились. Если считать по половине, числа те же, а памяти нужно примерно вдвое меньше.",
    diverged: "Скорость обучения оказалась слишком велика для этих данных или росла слишком быстро. Последнее сохранение сделано раньше.",
    "memory.clone": "Снимки одного шага не поместились, а партию больше не разделить пополам. Подойдут снимки меньше или другая партия.",
    disk: "Последнее сохранение цело. Освободите место и продолжите.",
    killed: "Процесс завершило что-то снаружи, часто сама система при нехватке памяти. Последнее сохранение цело.",
  },
  warned: (n) => count(n, "предупреждение", "предупреждения", "предупреждений"),
  warnings: {
    unmatched: ({ steps }) => ["Сопоставлять нечего", `На снимках последних шагов (${steps}) не было рамок: ни один запрос не сопоставлен с объектом, и детектор учится ничего не видеть. Остановите обучение и проверьте набор.`],
    flat: ({ evaluations, AP, step }) => ["AP не растёт", `Нет роста за ${count(evaluations, "измерение", "измерения", "измерений")}; лучшее значение ${number(100 * AP, 1)} на шаге ${step}, эти веса сохранены. Другая скорость или новые снимки могут помочь больше, чем новые шаги.`],
    unseen: ({ classes, count: n }) => [n === 1 ? "Класс ни разу не предсказан" : `Ни разу не предсказано классов: ${n}`, `Ни одна находка не набрала 0,3 для: ${listed(classes, n)}. Проверьте рамки, добавьте снимков или обучайте дольше.`],
    scarce: ({ free }) => ["Диск почти полон", `На сервере осталось ${units.bytes(free)}, следующее сохранение может не поместиться. Удалите старые задания и наборы.`],
  },
  next: { stop: "Остановить обучение", smaller: "Повторить с половиной партии", resume: "Продолжить", slower: "Повторить с меньшей скоростью", clone: "Повторить с правками" }, detail: "Что сказал процесс",

  cloneTitle: (name) => `Как «${name}», но с правками`, cloneName: (name) => `${name}, ещё раз`, startClone: "Начать",
  changedFields: (n) => (n ? `Изменено: ${count(n, "поле", "поля", "полей")}.` : "Пока ничего не изменено."),

  results: "Итоги", resultsNote: "у лучших весов", resultsSoFar: "у лучших весов на сейчас", download: "Скачать всё (zip)", explore: "Исследовать", compare: "Сравнить с началом", notYet: "До первого измерения весов нет.",
  python: "Загрузить в Python", command: "Командная строка",

  curves: "Кривые", curvesNote: "потяните, чтобы приблизить, двойной щелчок вернёт; приближение остаётся, пока идут данные", noCurves: "Первые числа придут через несколько шагов.",
  seen: "просмотрено снимков", loss: "потери", total: "Всего", parts: "Части", byLayer: (term) => `${term} по слоям`, layer: (number) => `слой ${Number(number) + 1}`, lossViews: "Какие потери",
  terms: { class: "Класс", l1: "L1", giou: "GIoU", objectness: "Объектность", inner: "Внутри" },
  lossGroups: { denoising: "Очистка от шума", many: "Один ко многим", proposals: "Предложения", tokens: "Кодировщик", scheme: "Схема" },
  charts: { loss: "Потери", quality: "Качество", matching: "Неустойчивость сопоставления", classes: "AP по классам", rate: "Скорость обучения", norm: "Норма градиента", pace: "Снимков в секунду", memory: "Память" },
  chartNotes: {
    loss: "без весов, сглажены", quality: "проверочные снимки, числа COCO; звезда у лучшего AP", matching: "объекты, за которые с прошлого измерения отвечает другой запрос",
    classes: "в выбранном измерении; черта у первого", rate: "", norm: "до обрезки", pace: "само обучение, между измерениями", memory: "при каждом измерении",
  },
  savePicture: "Сохранить картинкой", gigabytes: " ГБ",

  samples: "Проверочные снимки", samplesNote: "всегда одни и те же; щёлкните, чтобы увидеть запросы", noSamples: "Появятся с первым измерением.",
  evaluation: "Измерение", evaluationAt: (step) => `шаг ${step}`, firstEvaluation: "первое измерение", play: "Пройти по измерениям", threshold: "Оценка ≥", truth: "Объекты",
  flips: (moved, objects) => `с прошлого измерения к другому запросу перешло объектов: ${moved} из ${objects}`,
  movedHere: (n) => `перешло: ${n}`, sampleLabel: (number, moved, objects) => `Снимок ${number}: к другому запросу перешло объектов: ${moved} из ${objects}`,
  legend: { truth: "размеченный объект", found: "найдено", kept: "запрос прежний", moved: "запрос другой" },

  history: "История", log: "Журнал", search: "Строки с …", saveLog: "Скачать", noLog: "Здесь пусто.", tail: (lines) => `последних строк: ${lines}`, matches: (found, most) => (found >= most ? `последние совпадения: ${most}` : `строк: ${found}`),
};
