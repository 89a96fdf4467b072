export { durationText, groupBy, isSet, listAt, mapAt, numberAt, textAt, textsAt } from '../check/lint/values.js';
