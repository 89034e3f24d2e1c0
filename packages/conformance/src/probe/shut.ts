import { quoted, type Relation } from "../catalog/relation.js"
import type { Actor } from "../database/actor.js"
import type { Scene } from "../run/check.js"
import { toldWords } from "./own-words.js"
import type { Pair } from "./pair.js"
import type { Rights } from "./rights.js"
import { aimedArguments, callable, callText, isUndoable } from "./routine.js"
import { seesAnything } from "./sees-own.js"

const known = new WeakMap<Scene["facts"], Map<string, Promise<boolean>>>()

async function once(scene: Scene, id: string, ask: () => Promise<boolean>): Promise<boolean> {
  const book = known.get(scene.facts) ?? new Map<string, Promise<boolean>>()
  known.set(scene.facts, book)
  const answer = book.get(id) ?? ask()
  book.set(id, answer)
  return await answer
}

/**
 * Whether a tenant has no privilege of any kind there and the server refuses it for that, where views or functions serve it
 * instead. Privileges ask no context, so the refusal is as good as a control: it holds whatever the session says it is.
 */
export async function isShut(scene: Scene, actor: Actor, relation: Relation): Promise<boolean> {
  return (
    (await once(scene, `${relation.oid} ${actor.name}`, async () => await isRefused(scene, actor, relation))) &&
    (await isServed(scene, actor))
  )
}

/** All of them, and there are some. */
export async function areShut(scene: Scene, actor: Actor, relations: readonly Relation[]): Promise<boolean> {
  for (const relation of relations) if (!(await isShut(scene, actor, relation))) return false
  return relations.length > 0
}

async function isRefused(scene: Scene, actor: Actor, relation: Relation): Promise<boolean> {
  if (!isNothing(await scene.rights.of(actor, relation))) return false
  const { error } = await actor.look(async (tx) => await tx.attempt(`select from ${quoted(relation)} limit 0`))
  return error?.code === "42501"
}

const isNothing = ({ select, insert, update, ...others }: Rights): boolean =>
  select.length + insert.length + update.length === 0 && Object.values(others).every((may) => !may)

/** A login that reaches nothing at all may be the wrong one, and its refusals prove nothing. */
const isServed = async (scene: Scene, actor: Actor): Promise<boolean> =>
  await once(
    scene,
    actor.name,
    async () =>
      (await seesAnything(scene, actor)) || (await byViews(scene, actor)) || (await byFunctions(scene, actor)),
  )

async function byViews({ catalog }: Scene, actor: Actor): Promise<boolean> {
  const views = catalog.relations.filter(({ kind }) => kind === "v" || kind === "m")
  return await actor.look(async (tx) => {
    for (const view of views) if ((await tx.attempt(`select from ${quoted(view)} limit 1`)).count > 0) return true
    return false
  })
}

/** Asked about the tenant's own rows, some function answers with one. */
async function byFunctions(scene: Scene, actor: Actor): Promise<boolean> {
  const pair = scene.pairs.find(({ attacker }) => attacker === actor)
  if (pair === undefined) return false
  const calls = await ownCalls(scene, pair)
  return await actor.look(async (tx) => {
    for (const call of calls) {
      const { rows, error } = await tx.attempt(call)
      if (error === undefined && rows.some(({ answer }) => answer !== null && answer !== undefined)) return true
    }
    return false
  })
}

/** What the attacker may call, with arguments that aim at its own rows. */
export async function ownCalls(
  scene: Scene,
  { attacker, victim }: Pair,
  words: readonly string[] = [],
): Promise<string[]> {
  const own: Pair = { attacker: victim, victim: attacker }
  const calls: string[] = []
  for (const one of (await callable(attacker)).filter(isUndoable)) {
    for (const values of await aimedArguments(scene, one, own, words)) calls.push(callText(one, values))
  }
  return calls
}

/**
 * Whether a view, or a function that is asked about the tenant's own rows, shows it a value that only its rows have: its context
 * works although it sees no table.
 */
export async function isShownOwn(scene: Scene, actor: Actor): Promise<boolean> {
  const pair = scene.pairs.find(({ attacker }) => attacker === actor)
  if (pair === undefined) return false
  const views = scene.catalog.relations.filter(({ kind }) => kind === "v" || kind === "m")
  const looks = [...views.map((view) => `select * from ${quoted(view)} limit 20`), ...(await ownCalls(scene, pair))]
  const answers = await actor.look(async (tx) => {
    const all: string[] = []
    for (const look of looks) {
      const { rows } = await tx.attempt(look)
      all.push(rows.map((row) => JSON.stringify(row)).join("\n"))
    }
    return all
  })
  const own: Pair = { attacker: pair.victim, victim: actor }
  for (const [at, answer] of answers.entries()) {
    const look = looks[at] ?? ""
    if (answer !== "" && (await toldWords(scene, own, look, answer, [look])) !== undefined) return true
  }
  return false
}
