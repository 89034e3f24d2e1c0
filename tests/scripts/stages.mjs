import { legs } from "../config/legs.mjs"
import { checks } from "./checks.mjs"

/** What `npm test` is made of; `.ci/run` names each once. Each check of `check` and each leg of `db` is a stage by itself, too. */
export const stages = ["check", "unit", "packaging", "db"]

/**
 * What the arguments of `npm test` say: which stages, all where none is named, and where the counts of a run in two parts go and
 * come from. A name that nothing has is refused: it would run nothing, and look green.
 *
 * @param {readonly string[]} args
 * @returns {{ wanted: (...names: string[]) => boolean, from: string | undefined, to: string | undefined }}
 */
export function told(args) {
  const known = [...stages, ...checks.map(({ name }) => name), ...legs.map(({ name }) => name)]
  const named = args.filter((arg) => !arg.startsWith("--"))
  const options = new Map(args.filter((arg) => arg.startsWith("--")).map((arg) => splitOption(arg)))
  const unknown = named.filter((name) => !known.includes(name))
  if (unknown.length > 0) throw new Error(`${unknown.join(", ")}: there are ${known.join(", ")}`)
  return {
    wanted: (...names) => named.length === 0 || names.some((name) => named.includes(name)),
    from: options.get("from"),
    to: options.get("to"),
  }
}

/** @returns {[name: string, value: string]} */
function splitOption(arg) {
  const [, name, value] = /^--(from|to)=(.+)$/.exec(arg) ?? []
  if (name === undefined || value === undefined) throw new Error(`${arg}: there are --from=FILE and --to=FILE`)
  return [name, value]
}
