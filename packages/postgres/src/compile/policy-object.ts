import type { narrowableActions } from "@wardkeep/core"
import { type Managed, qualified, type Step } from "./step.js"

/** The SQL command of each action that the database sees. */
export const commands = {
  read: "select",
  create: "insert",
  update: "update",
  delete: "delete",
} as const satisfies Record<(typeof narrowableActions)[number], string>

export type Command = (typeof commands)[keyof typeof commands]

/** A policy of ours on a table; `body` is what follows its name and table. */
export function policyObject(table: string, name: string, phase: Step["phase"], why: string, body: string): Managed {
  const target = qualified(table)
  return {
    id: `policy ${table} ${name}`,
    phase,
    why,
    create: `create policy ${name} on ${target} ${body}`,
    drop: `drop policy if exists ${name} on ${target}`,
    commentOn: `policy ${name} on ${target}`,
    on: table,
  }
}
