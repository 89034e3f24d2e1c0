/**
 * The role-permission matrix: the policy file's roles compiled into bits, questions answered with reasons, and the same
 * conditions as predicates for the database. Pure, and usable alone.
 *
 * @module
 */
export type { Context, Row, Value } from "./condition/context.js"
export { evaluate, type Subject } from "./condition/evaluate.js"
export { describeCondition } from "./condition/words.js"
export { assertAllowed, type Decision, decide } from "./decide/decide.js"
export { type Explanation, explain } from "./decide/explain.js"
export type { Layer, Question, Reason } from "./decide/question.js"
export { type Change, diff, diffText } from "./diff/diff.js"
export { checkColumns } from "./matrix/check-columns.js"
export { type CellId, compileMatrix, Matrix, type MatrixOptions, type RoleId } from "./matrix/matrix.js"
export {
  type PresetName,
  type PresetOptions,
  type PresetRoles,
  presetNames,
  presetRoles,
} from "./presets/presets.js"
export type { ClinicTables } from "./presets/tables.js"
export { type HtmlOptions, matrixHtml } from "./report/html.js"
export { type MatrixCell, matrixCell } from "./report/letters.js"
export { matrixText } from "./report/terminal.js"
export { type Line as CsvLine, readCsv, writeCsv } from "./sheet/csv.js"
export { exportCsv } from "./sheet/export.js"
export { type Imported, importCsv } from "./sheet/import.js"
export { hash64 } from "./slice/hash.js"
export { type Slice, type SliceOptions, slice } from "./slice/slice.js"
export type { ColumnType, ColumnTypes } from "./sql/column-types.js"
export { type ConditionSqlOptions, type ConditionTable, conditionSql } from "./sql/condition-sql.js"
export { type RuleSql, type RuleSqlOptions, ruleSql } from "./sql/rule-sql.js"
