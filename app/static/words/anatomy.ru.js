/* Части детектора по-русски. */

export const say = {
  flow: "Части на пути картинки через детектор", sizes: "Размеры", yes: "да", no: "нет", none: "нет", nothing: "Своей части здесь нет.",
  stages: { pixels: "От пикселей к токенам", encoder: "Энкодер", queries: "Запросы", decoder: "Декодер", boxes: "Рамки и классы", training: "Обучение" },
  slots: {
    preprocess: "Подготовка", backbone: "Сеть-основа", neck: "Шея", token_code: "Код места токена", encoder: "Энкодер", encoder_layer: "Слой энкодера", token_attention: "Внимание между токенами",
    query_init: "Начало запросов", position: "Позиция запросов", geometry: "Что такое якорь", decoder: "Декодер", decoder_layer: "Слой декодера", self_attention: "Самовнимание",
    cross_attention: "Перекрёстное внимание", feed_forward: "Полносвязная часть", activation: "Активация", refinement: "Что получает следующий слой", class_head: "Голова классов", box_head: "Голова рамок",
    final_norm: "Нормализация перед головами", shared_heads: "Общие головы слоёв", postprocess: "Чтение ответа", objective: "Функция потерь", schemes: "Схемы обучения",
    short: "Короткая сторона, пикс.", long: "Длинная сторона, пикс.", classes: "Классы", width: "Ширина", heads: "Головы внимания", hidden: "Ширина полносвязной части", dropout: "Dropout", queries: "Запросы",
    extra_queries: "Лишние запросы при обучении", levels: "Уровни признаков", encoder_layers: "Слои энкодера", decoder_layers: "Слои декодера",
  },
};
