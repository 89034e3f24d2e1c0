import { randomBytes } from "node:crypto"
import { type Policy, WardkeepError } from "@wardkeep/core"
import type { Place, Row, Seed, TestClinic } from "./clinic.js"
import { holds } from "./holds.js"
import type { Owner } from "./owner.js"
import { rowsDigest } from "./rows-digest.js"

/** What was seeded in one place. */
export type Seeded = Readonly<Record<string, readonly Row[]>>

/** What the function is given: its own rows, and those it must not reach. */
export interface Surroundings<Branch extends string> {
  readonly clinic: TestClinic<Branch>
  readonly own: Seeded
  /** Another branch of the same clinic. */
  readonly sibling: Seeded
  /** Another clinic. */
  readonly stranger: Seeded
}

export interface Crossing<Branch extends string, T> extends Omit<Place<Branch>, "branch"> {
  readonly role: string
  /** Rows for one place, with the mark in a column that the function returns. Called once for each of three places. */
  seed(mark: string): Seed
  /**
   * The application's function, by whatever way it is called: a service, a route by HTTP. It returns what it read, an
   * answer's body as text. May be given keys of others, to try them.
   */
  run(around: Surroundings<Branch>): Promise<T>
}

interface Standing<Branch extends string> {
  readonly policy: Policy
  readonly owner: Owner
  readonly names: readonly Branch[]
  readonly own: TestClinic<Branch>
  readonly stranger: TestClinic<Branch>
}

/** As `Stage.expectNoCrossing` promises. */
export async function expectNoCrossing<Branch extends string, T>(
  { policy, owner, names, own, stranger }: Standing<Branch>,
  { role, seed, run, ...place }: Crossing<Branch, T>,
): Promise<T> {
  const [here, beside] = names
  if (here === undefined || beside === undefined)
    throw new WardkeepError("WK114", { message: "the stage has one branch only, so that there is no sibling" })
  const mark = { own: newMark(), sibling: newMark(), stranger: newMark() }
  const seeded = {
    own: await own.seed(here, seed(mark.own)),
    sibling: await own.seed(beside, seed(mark.sibling)),
    stranger: await stranger.seed(here, seed(mark.stranger)),
  }
  const places = [
    { name: "a sibling branch", mark: mark.sibling, tenant: own.tenant, branch: own.branches[beside] },
    { name: "another clinic", mark: mark.stranger, tenant: stranger.tenant },
  ]
  const digests = async (): Promise<string[]> =>
    await owner(async (client) => {
      const found: string[] = []
      for (const each of places) found.push(await rowsDigest(client, policy, each))
      return found
    })
  const before = await digests()
  const result = await own.asRole(role, { ...place, branch: here }, () => run({ clinic: own, ...seeded }))
  const after = await digests()
  for (const [n, { name, mark: theirs }] of places.entries()) {
    if (holds(result, theirs)) throw crossed(`the mark of ${name} came back`)
    if (before[n] !== after[n]) throw crossed(`rows of ${name} changed`)
  }
  if (!holds(result, mark.own))
    throw new WardkeepError("WK114", { message: "what came back has not the mark of its own branch either" })
  return result
}

/** Found in no other text. */
function newMark(): string {
  return `wk${randomBytes(12).toString("hex")}`
}

function crossed(message: string): WardkeepError {
  return new WardkeepError("WK113", { message })
}
