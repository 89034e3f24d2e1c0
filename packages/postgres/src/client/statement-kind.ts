import { WardkeepError } from "@wardkeep/core"
import { firstWord, words } from "./lexer.js"

/** What a caller may ask of a transaction; translated to statements of the client's own. */
export type Control =
  | { readonly kind: "begin" | "set"; readonly modes: readonly string[] }
  | { readonly kind: "commit" | "rollback" }
  | { readonly kind: "savepoint" | "release" | "rollback to"; readonly name: string }

export type Kind = { readonly kind: "query"; readonly suspect: boolean; readonly readOnly: boolean } | Control

const queries = new Set(["select", "with", "values", "table", "insert", "update", "delete", "merge"])
const readers = new Set(["select", "with", "values", "table"])
const controls = new Set(["begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release", "set"])

/**
 * What changes settings that outlive the transaction (an UPDATE of pg_settings calls set_config), and what runs a text as
 * a statement. A fragment inside a
 * SELECT can call them, so a connection that ran one is not used again. A guard behind the guards: names can be built
 * at run time, and the prologue and the watch over reported settings see what this does not.
 */
const suspicious =
  /set_config|pg_settings|set_limit|crosstab|connectby|xpath_table|pg_(?:try_)?advisory_lock|_to_xml|ts_stat|ts_rewrite|dblink|pg_reload_conf|u&\s*"|pg_(?:terminate|cancel)_backend|lo_(?:open|creat)/i

/**
 * Decides what a text is by its first word. The extended protocol takes one statement at a time, so the first word is
 * the statement.
 *
 * @throws WK108 anything but SELECT, WITH, VALUES, TABLE, INSERT, UPDATE, DELETE, MERGE and transaction control
 */
export function kindOf(text: string): Kind {
  const first = text.includes("\0") ? undefined : firstWord(text)
  if (first === undefined) throw refused("no statement was recognised")
  const { word, nested } = first
  if (nested ? readers.has(word) : queries.has(word))
    return { kind: "query", suspect: suspicious.test(text), readOnly: readers.has(word) }
  if (!nested && controls.has(word)) {
    const control = controlOf(words(text) ?? [])
    if (control !== undefined) return control
  }
  throw refused(
    `a statement that begins with ${/^[a-z_]{1,30}$/.test(word) ? word.toUpperCase() : "this word"} is refused`,
  )
}

function controlOf(all: readonly string[]): Control | undefined {
  const [first, ...rest] = all
  const plain = rest[0] === "work" || rest[0] === "transaction" ? rest.slice(1) : rest
  switch (first) {
    case "begin":
      return modes("begin", plain)
    case "start":
      return rest[0] === "transaction" ? modes("begin", plain) : undefined
    case "set":
      return rest[0] === "transaction" && plain.length > 0 ? modes("set", plain) : undefined
    case "commit":
    case "end":
      return plain.length === 0 ? { kind: "commit" } : undefined
    case "abort":
      return plain.length === 0 ? { kind: "rollback" } : undefined
    case "rollback": {
      if (plain.length === 0) return { kind: "rollback" }
      const name = plain[0] === "to" ? named(plain.slice(plain[1] === "savepoint" ? 2 : 1)) : undefined
      return name === undefined ? undefined : { kind: "rollback to", name }
    }
    case "savepoint": {
      const name = named(rest)
      return name === undefined ? undefined : { kind: "savepoint", name }
    }
    case "release": {
      const name = named(rest[0] === "savepoint" && rest.length > 1 ? rest.slice(1) : rest)
      return name === undefined ? undefined : { kind: "release", name }
    }
    default:
      return undefined
  }
}

function named(rest: readonly string[]): string | undefined {
  const [name] = rest
  return rest.length === 1 && name !== undefined && name !== "," ? name : undefined
}

const levels = ["read uncommitted", "read committed", "repeatable read", "serializable"].map(
  (l) => `isolation level ${l}`,
)
const accepted = [...levels, "read write", "read only", "deferrable", "not deferrable"]

/** Reads transaction modes word by word, so that only the closed list ever reaches the server. */
function modes(kind: "begin" | "set", rest: readonly string[]): Control | undefined {
  const found: string[] = []
  let left = rest.filter((word) => word !== ",")
  while (left.length > 0) {
    const joined = left.join(" ")
    const mode = accepted.find((candidate) => joined === candidate || joined.startsWith(`${candidate} `))
    if (mode === undefined) return undefined
    found.push(mode)
    left = left.slice(mode.split(" ").length)
  }
  return { kind, modes: found }
}

function refused(message: string): WardkeepError {
  return new WardkeepError("WK108", { message })
}
