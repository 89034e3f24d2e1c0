/**
 * The law as data with a tense: which duties bind a clinic on a day, by when something is due, how long a record must be
 * kept and who stands for that. Engineering research, not legal advice.
 *
 * @module
 */
export { dayInIndia, inWords } from "./law/calendar.js"
export { citationFaults } from "./law/citations.js"
export { dueAt } from "./law/deadline.js"
export { type Law, loadLaw } from "./law/law.js"
export { type Attestation, type RetentionAnswer, retention } from "./law/retention.js"
export {
  type ForbiddenCitation,
  type Force,
  gradeWords,
  type Obligation,
  type Party,
  type Period,
  type RetentionRule,
} from "./law/schema.js"
export { type Asker, askers, type Dated, lawOn, nextChange, type Tense, tenseOf } from "./law/tense.js"
