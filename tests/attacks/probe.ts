import { type Actor, Attacker, asSuperuser, codeOf, errorText, forbidden, type World } from "./world.ts"

/** One attempt, told in a sentence. Without `refused` it may succeed; it must then bring nothing foreign. */
export interface Probe {
  readonly name: string
  /** Default: the doctor of branch 0. `nobody`: the bare login without a context. */
  readonly as?: Actor | "nobody"
  /** Statements of one transaction, the context already in force. */
  readonly sql: (world: World) => readonly string[]
  /** SQLSTATEs with which the last statement run must fail. */
  readonly refused?: RegExp
  /** How many rows the last statement may touch. Default: the rows of one branch. */
  readonly rows?: number
  /** Start packet options; refused there counts as refused. */
  readonly startup?: (world: World) => string
  /** Arranged by the superuser before, and taken back after. */
  readonly arrange?: { readonly before: (world: World) => string; readonly after: (world: World) => string }
  /** What must not occur in any output. */
  readonly never?: RegExp
  readonly only?: "portable" | "accelerated"
}

/** Mistakes in the text of a probe: it would find nothing for the wrong reason. */
const empty: ReadonlySet<string> = new Set(["42601", "42703", "42P01", "42704", "42883", "42804", "25P02"])

export interface Outcome {
  /** Empty: the attempt got nothing. */
  readonly leaks: readonly string[]
  readonly code: string
  readonly seen: string
}

/** Runs one probe on a fresh connection, searches all of its output, and undoes it. */
export async function attempt(world: World, probe: Probe): Promise<Outcome> {
  const { arrange } = probe
  if (arrange === undefined) return await attack(world, probe)
  await asSuperuser(world.adminUrl, (admin) => admin.query(arrange.before(world)))
  try {
    return await attack(world, probe)
  } finally {
    await asSuperuser(world.adminUrl, (admin) => admin.query(arrange.after(world)))
  }
}

async function attack(world: World, probe: Probe): Promise<Outcome> {
  const actor = probe.as ?? "doctor"
  const attacker = new Attacker(world.appUrl, probe.startup?.(world))
  const leaks: string[] = []
  let code = "none"
  let rows = 0
  // A list of statements that cannot be made is a fault of the probe, not a refusal.
  const statements = probe.sql(world)
  try {
    await attacker.connect()
  } catch (error) {
    if (probe.startup === undefined) throw error
    return { leaks: search(attacker.seen.concat(errorText(error)), actor), code: codeOf(error), seen: errorText(error) }
  }
  try {
    if (actor === "nobody") await attacker.query("begin")
    else await attacker.enter(world, actor)
    try {
      for (const statement of statements) rows = await attacker.query(statement)
    } catch (error) {
      code = codeOf(error)
      attacker.seen.push(errorText(error))
    }
  } finally {
    await attacker.client.query("rollback").catch(() => undefined)
    await attacker.end()
  }
  leaks.push(...search(attacker.seen, actor))
  const never = probe.never?.exec(attacker.seen.join("\n"))
  if (never) leaks.push(`${never[0]} occurred`)
  if (probe.refused === undefined && empty.has(code)) leaks.push(`never ran: ${code}`)
  const allowed = probe.rows ?? (actor === "both" ? 2 : 1) * world.clinic.patientsPerBranch
  if (code === "none" && probe.refused !== undefined) leaks.push(`was not refused with ${probe.refused.source}`)
  if (code !== "none" && probe.refused !== undefined && !probe.refused.test(code))
    leaks.push(`was refused with ${code}`)
  if (code === "none" && rows > allowed) leaks.push(`touched ${rows} rows, ${allowed} are the attacker's`)
  return { leaks, code, seen: attacker.seen.join("\n") }
}

function search(seen: readonly string[], actor: Actor | "nobody"): string[] {
  const text = seen.join("\n")
  return forbidden(actor === "nobody" ? "reception" : actor)
    .filter((canary) => text.includes(canary))
    .map((canary) => `${canary} was shown`)
}

export function onlyFor(probes: readonly Probe[], strategy: World["strategy"]): Probe[] {
  return probes.filter((probe) => probe.only === undefined || probe.only === strategy)
}

/** What the client's prologue does, for a probe that takes a context in the middle of its transaction. */
export function entering(world: World, actor: Actor): string[] {
  const { token, db_role } = world.grants[actor]
  return world.strategy === "portable"
    ? [`select set_config('role', '${db_role}', true), set_config('wardkeep.token', '${token}', true)`]
    : ["set local role none", `select set_config('role', wardkeep.enter('${token}', ''), true)`]
}

/** A probe whose statements need nothing of the world. */
export function plain(name: string, sql: string | readonly string[], more: Omit<Probe, "name" | "sql"> = {}): Probe {
  return { name, sql: () => (typeof sql === "string" ? [sql] : sql), ...more }
}
