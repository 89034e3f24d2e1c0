import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { sqlDirectory } from "../migrate/sql-directory.js"
import type { Step } from "./step.js"

/** Puts back the shipped text of the functions in schema `wardkeep` when one of them is not what the last apply left. */
export function ownFunctionSteps(changed: ReadonlySet<string>, strategy: "portable" | "accelerated"): Step[] {
  const names = [...changed].filter((fact) => fact.startsWith("function wardkeep."))
  if (names.length === 0) return []
  const accelerated =
    strategy === "accelerated" ? [readFileSync(join(sqlDirectory("strategy"), "accelerated.sql"), "utf8")] : []
  return [
    {
      phase: "narrow",
      object: names.join(", "),
      why: "not the function that was installed",
      sql: [...shippedFunctions(sqlDirectory("objects")), ...accelerated].join("\n"),
    },
  ]
}

/** Every object file has each function followed by its comment. */
export function shippedFunctions(directory: string): string[] {
  const texts = readdirSync(directory)
    .sort()
    .map((file) => readFileSync(join(directory, file), "utf8"))
  return texts.flatMap((text) =>
    [...text.matchAll(/^create (function [\s\S]*?;)\s*(?=^comment on function)/gm)].map(
      ([, body]) => `create or replace ${body}`,
    ),
  )
}
