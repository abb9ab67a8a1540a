/* Ideas of the detectors come from the server in English; other languages say them here, by id. */

export const say = {};
