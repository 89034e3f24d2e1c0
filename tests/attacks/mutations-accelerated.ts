import { readFileSync } from "node:fs"
import { join } from "node:path"
import { sqlDirectory } from "@wardkeep/postgres/migrate"
import type { Mutation } from "./mutations.ts"

/** The strategy's own file, made again with a part of its text replaced everywhere; fails where there is nothing to replace. */
function edit(from: string | RegExp, to: string, within = /[\s\S]*/): string {
  const text = readFileSync(join(sqlDirectory("strategy"), "accelerated.sql"), "utf8")
  const changed = text.replace(within, (part) => part.replaceAll(from, to))
  if (changed === text) throw new Error(`the mutation does not apply: ${from}`)
  return changed
}

const only = (name: string): RegExp => new RegExp(`create or replace function wardkeep\\.${name}\\([\\s\\S]*?;\\n\\n`)
const roleInForce = /^ +when split_part\(.*' ', 1\) <> current_setting\('role'\) then .*\n/gm
const planned = /^ +when planned <> current_setting\('role'\) and not .*\n/gm

/** Guards that only the accelerated strategy has. What both share is taken away in mutations.ts. */
export const acceleratedMutations: readonly Mutation[] = [
  {
    name: "the role in force not compared with the payload",
    near: "changing the context",
    sql: () => edit(roleInForce, ""),
  },
  {
    name: "the role in force not compared by the tenant alone",
    near: "changing the context",
    sql: () => edit(roleInForce, "", only("tenant")),
  },
  {
    name: "the role that planned the statement not compared",
    near: "changing the context",
    sql: () => edit(planned, ""),
  },
  {
    name: "the role that planned the statement not compared by the tenant alone",
    near: "changing the context",
    sql: () => edit(planned, "", only("tenant")),
  },
  {
    name: "every planning role taken for the owner",
    near: "changing the context",
    sql: () => edit("return planned = current_user;", "return true;"),
  },
  {
    name: "the parameter settable by the application's login",
    near: "changing the context",
    sql: ({ app }) => `grant set on parameter backtrace_functions to ${app}`,
    // A privilege of the whole server, not of the clone.
    undo: ({ app }) => `revoke set on parameter backtrace_functions from ${app}`,
  },
  {
    name: "entering for the session instead of the transaction",
    near: "tokens past their time",
    sql: () => edit(/(encode\(k\.digest, 'hex'\)\), '-', '_'\), )true\)/g, "$1false)"),
  },
  {
    name: "the expiry not compared when entering",
    near: "tokens past their time",
    sql: () => edit("and k.valid_until operator(pg_catalog.>) pg_catalog.statement_timestamp()", ""),
  },
  {
    name: "the beginning of validity not compared when entering",
    near: "tokens past their time",
    sql: () => edit("and k.valid_from operator(pg_catalog.<=) pg_catalog.statement_timestamp()", ""),
  },
  {
    name: "a branch claim taken without looking at the token when entering",
    near: "tokens past their time",
    sql: () => edit("or branch operator(pg_catalog.=) any (k.branches)", "or true"),
  },
  {
    name: "a token that is not found entered without a word",
    near: "tokens past their time",
    sql: () => edit("perform wardkeep.refuse_entry(token, branch);", "null;"),
  },
]

/**
 * Taken away, these give a probe nothing, and why:
 * - the characters of keys, in enter(): the world's keys are UUIDs. Asked for in packages/postgres/src/install/strategy.db.test.ts.
 * - the expiry in branches_looked_up() and held(): enter() asked in the same transaction, and within one the
 *   strategy promises no revocation. They shorten a long transaction, which docs/THREAT-MODEL.md does not count on.
 * - the role in held(): it answers with the own token, which the role in force does not widen.
 */
