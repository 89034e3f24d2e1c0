import { type Managed, qualified, type Step } from "./step.js"

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
