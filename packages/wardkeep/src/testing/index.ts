/**
 * For the host's own test suite, whatever its runner: a clinic of its own for each test, people who are signed in, rows,
 * and one expectation that a function crosses no branch. Nothing here belongs into an application.
 *
 * @module
 */
export type { Place, Row, Seed, TestClinic } from "./clinic.js"
export type { Crossing, Seeded, Surroundings } from "./crossing.js"
export { openStage, type Stage, type StageOptions } from "./stage.js"
