import { consentAt, decide, endRepresentation, history, publishNotice, represent } from "@wardkeep/consent"
import type { Session } from "@wardkeep/postgres"
import { beforeAll, describe, expect, it } from "vitest"
import { notice, served, useConsenting } from "#tests/fixture/consenting.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"
import {
  type By,
  kinds,
  newPerson,
  type Person,
  purposesAsked,
  reaches,
  type Said,
  stateAt,
  takes,
} from "./consent-model.ts"
import { generator, pick, weighted } from "./random.ts"

const used = useConsenting(useDatabase())
const seed = Number(process.env.WARDKEEP_FUZZ_SEED ?? Date.now() % 2 ** 31)
/** `npm run fuzz` makes ten thousand. */
const histories = Math.ceil(Number(process.env.WARDKEEP_FUZZ_STATEMENTS ?? 3_000) / 100)
const random = generator(seed)
const sessions = new Map<string, Session>()
/** Of each person, somebody who stands for them no longer. */
const ended = new Map<string, string>()
let published = ""

beforeAll(async () => {
  const { wk, session } = used.clinic
  published = await wk.run(await session("head", "care"), () => publishNotice(wk, notice))
  sessions.set("care", await session("desk", "care"))
  for (const purpose of purposesAsked)
    sessions.set(purpose, await session(purpose === "reminders" ? "desk" : "caller", purpose))
})

const as = <T>(purpose: string, work: () => Promise<T>): Promise<T> => {
  const session = sessions.get(purpose)
  if (session === undefined) throw new Error(`no session for ${purpose}`)
  return used.clinic.wk.run(session, work)
}
/** A child of five years, whenever this runs. */
const ages = [null, "1985-03-01", `${new Date().getUTCFullYear() - 5}-01-01`] as const

/** One act, told to the ledger and to the model: both take it, or neither. */
async function act(subject: string, person: Person): Promise<string> {
  const { wk } = used.clinic
  const what = weighted(random, [
    [12, "decide"],
    [person.served ? 1 : 12, "serve"],
    [2, "represent"],
    [1, "end"],
    [2, "born"],
    [endsSoon(person) ? 8 : 0, "wait"],
  ] as const)
  if (what === "serve") {
    await served(used.clinic, sessions.get("care") as Session, published, subject)
    person.served = true
    return what
  }
  if (what === "born") {
    person.born = pick(random, ages)
    const before = await clock()
    await as("care", () => wk.query("update patient set born_on = $2 where id = $1", [subject, person.born]))
    person.refreshed = [before, await clock()]
    return `${what} ${person.born}`
  }
  if (what === "represent") return await stand(subject, person)
  if (what === "end") {
    const [who, representation] = [...person.represented][0] ?? []
    if (who === undefined || representation === undefined) return "end of nothing"
    await as("care", () => endRepresentation(wk, { subject, representation, reason: "over" }))
    person.represented.delete(who)
    ended.set(subject, representation)
    return `${what} ${who}`
  }
  if (what === "wait") {
    await new Promise((resolve) => setTimeout(resolve, 45))
    return what
  }
  return await say(subject, person)
}

/** Something that holds has an end of which this can wait. */
function endsSoon({ said }: Person): boolean {
  return Object.values(said).some((all) => {
    const left = (all.at(-1)?.until ?? 0) - Date.now()
    return left > -1_000 && left < 1_000
  })
}

async function stand(subject: string, person: Person): Promise<string> {
  const who = pick(random, ["parent", "guardian"] as const)
  const how = who === "parent" ? "identity_held" : "court"
  const made = await as("care", () =>
    represent(used.clinic.wk, { subject, as: who, who: "somebody", how, evidence: "file" }),
  ).catch(refusal)
  // Of whom no day of birth is known, either may be.
  const isTaken = person.born === null || (person.born === ages[1]) === (who === "guardian")
  expect(made !== undefined, `a ${who} of somebody born ${person.born}`).toBe(isTaken)
  if (made !== undefined) person.represented.set(who, made)
  return `represent ${who}`
}

async function say(subject: string, person: Person): Promise<string> {
  const purpose = pick(random, purposesAsked)
  const kind = random() < 0.4 ? "granted" : pick(random, kinds)
  const by = pick<By>(random, ["subject", "subject", "parent", "guardian"])
  const lasts = kind === "granted" || kind === "renewed" ? pick(random, [null, 40, 86_400_000]) : null
  const before = await clock()
  const until = lasts === null ? null : Math.ceil(before) + lasts
  // Where nobody stands for the person, somebody who does not.
  const representation = by === "subject" ? undefined : (person.represented.get(by) ?? ended.get(subject) ?? published)
  const ids = await as("care", () =>
    decide(used.clinic.wk, {
      ...{ subject, by, notice: published, language: "en", channel: "desk", method: "signature", evidence: "form" },
      ...(representation !== undefined && { representation }),
      decisions: {
        [purpose]: until === null ? kind : { kind: kind === "renewed" ? kind : "granted", until: new Date(until) },
      },
    }),
  ).catch(refusal)
  const told = `${by} ${kind} ${purpose}${lasts === null ? "" : ` for ${lasts} ms`}`
  // Time may end something while this is on its way.
  const either = [before, await clock()].map((now) => takes(person, purpose, kind, by, now))
  if (until === null || until > (await clock())) expect(either, told).toContain(ids !== undefined)
  if (ids === undefined) return `${told}, refused`
  const at = await clock()
  person.refreshed = [before, at]
  if (kind === "objected" || kind === "objection_lifted") person.objections.push({ kind, at })
  else if (purpose !== "reminders") person.said[purpose].push({ kind, by, at, until })
  return told
}

/** The ledger said no; anything else is a fault. */
function refusal(error: unknown): undefined {
  expect(error).toMatchObject({ code: "WK503" })
}

/** Milliseconds, of the server. */
async function clock(): Promise<number> {
  const text = "select extract(epoch from clock_timestamp()) * 1000 as now"
  return Number((await as("care", () => used.clinic.wk.query<{ now: string }>(text))).rows[0]?.now)
}

/** Whether each purpose reaches the person now is what the model says, except at the very moment when something ends. */
async function compare(subject: string, person: Person, acts: readonly string[]): Promise<void> {
  const text = `select extract(epoch from statement_timestamp()) * 1000 as now,
    exists (select from patient where id = $1) as seen, exists (select from visit where patient_id = $1) as visits`
  for (const purpose of purposesAsked) {
    const { rows } = await as(purpose, () =>
      used.clinic.wk.query<{ now: string; seen: boolean; visits: boolean }>(text, [subject]),
    )
    const now = Number(rows[0]?.now)
    const expected = [now - 2, now + 2].flatMap((at) =>
      person.refreshed.map((refreshed) => reaches(person, purpose, at, refreshed)),
    )
    if (new Set(expected).size > 1) continue
    const told = [`seed ${seed}: ${purpose} of somebody born ${person.born}`, ...acts].join("; ")
    expect({ seen: rows[0]?.seen, visits: rows[0]?.visits }, told).toEqual({ seen: expected[0], visits: expected[0] })
  }
}

/** The events alone say the same of every past instant. */
async function compareThePast(subject: string, person: Person, acts: readonly string[]): Promise<number> {
  const events = await as("care", () => history(used.clinic.wk, subject))
  const instant = (at: string): number => Date.parse(`${at.slice(0, 23)}Z`) + Number(at.slice(23, 26)) / 1000
  let asked = 0
  for (const purpose of ["outreach", "research"] as const) {
    const own = events.filter((event) => event.purpose === purpose)
    const timed = own.map(({ at }, index) => ({ ...(person.said[purpose][index] as Said), at: instant(at) }))
    const known: Person = { ...person, said: { ...person.said, [purpose]: timed } }
    for (const { at } of events) {
      const { state } = consentAt(events, { purpose, at, born: person.born })
      expect(state, [`seed ${seed}: ${purpose} at ${at}`, ...acts].join("; ")).toBe(
        stateAt(known, purpose, instant(at)),
      )
      asked++
    }
  }
  return asked
}

describe("the ledger and a model of it", () => {
  it(`agree on ${histories} random histories (seed ${seed}): what is taken, who is reached now, and every past instant`, async () => {
    let refused = 0
    let taken = 0
    let instants = 0
    for (let count = 0; count < histories; count++) {
      const person = newPerson(pick(random, ages))
      const subject = await used.clinic.person(person.born)
      await as("care", () =>
        used.clinic.wk.query("insert into visit (patient_id, reason) values ($1, 'cough')", [subject]),
      )
      const acts: string[] = []
      for (let left = 4 + Math.floor(random() * 10); left > 0; left--) {
        acts.push(await act(subject, person))
        await compare(subject, person, acts)
      }
      refused += acts.filter((one) => one.endsWith("refused")).length
      taken += acts.length
      instants += await compareThePast(subject, person, acts)
    }
    process.stdout.write(
      `consent: ${histories} histories, ${taken} acts, ${refused} refused, ${instants} past instants\n`,
    )
    expect(refused).toBeGreaterThan(0)
    expect(refused).toBeLessThan(taken)
  }, 3_600_000)
})
