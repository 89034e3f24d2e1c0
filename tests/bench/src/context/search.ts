import { branchId, clinicId, type Session } from "../data/prepare.ts"
import type { BenchResult } from "../rounds.ts"
import { handWrittenRows, protectedRows } from "./rows.ts"
import { any, floors, measure, rawClient, type Stage, using } from "./stage.ts"

const columns = "p.id, p.full_name, p.phone"

/** By hand over the same word table, as a login without row-level security. */
const hand = (condition: string): string =>
  `select ${columns} from patient_word w
     join patient p on p.clinic_id = w.clinic_id and p.branch_id = w.branch_id and p.id = w.patient_id
    where w.clinic_id = $1 and w.branch_id = $2 and ${condition} limit 20`

const ours = (condition: string): string =>
  `select ${columns} from patient_word w join patient p on p.id = w.patient_id where ${condition} limit 20`

/**
 * Both sides ask for the range: `^@` with a parameter costs both of them a plan per call. The login of the floor has
 * nothing of ours, and writes by hand what `wardkeep.prefix_end` says.
 */
const handRange = "w.word >= $3 and w.word < $3 || chr(1114111)"
const range = "w.word >= $1 and w.word < wardkeep.prefix_end($1)"

interface Search {
  readonly name: string
  readonly hand: string
  readonly ours: string
  readonly value: (full: string, phone: string) => string
}

const reversed = (text: string): string => [...text].reverse().join("")

const searches: readonly Search[] = [
  {
    name: "any word of the name",
    hand: hand("w.word = $3"),
    ours: ours("w.word = $1"),
    value: (full) => any(full.toLowerCase().split(" ")),
  },
  {
    name: "any prefix of a name",
    hand: hand(handRange),
    ours: ours(range),
    value: (full) => any(full.toLowerCase().split(" ")).slice(0, 3),
  },
  {
    name: "the last digits of the phone",
    hand: hand(handRange),
    ours: ours(range),
    value: (_, phone) => `#${reversed(phone.slice(-4))}`,
  },
]

const free = {
  hand: `select p.id, p.full_name, p.phone from patient p where p.clinic_id = $1 and p.branch_id = $2 and p.full_name ilike $3 limit 20`,
  ours: "select p.id, p.full_name, p.phone from patient p where p.full_name ilike $1 limit 20",
}

/** Search among a million patients; free substrings are shown without a bar. */
export async function search(stage: Stage): Promise<BenchResult[]> {
  return await using(async (later) => {
    const { measured } = stage
    const raw = await later(rawClient(stage))
    const client = await later(stage.openClient(measured.url(measured.app), { connections: 1 }))
    const { rows: known } = await raw.query<{ id: string; full_name: string; phone: string }>(
      "select id, full_name, phone from patient where id = any ($1)",
      [stage.patients.slice(0, 2000).map((patient) => patient.id)],
    )
    const texts = new Map(known.map((row) => [row.id, row]))
    const asked = stage.patients.slice(0, 2000).flatMap((patient) => {
      const row = texts.get(patient.id)
      return row === undefined ? [] : [{ patient, full: row.full_name, phone: row.phone }]
    })
    const some = (rows: readonly unknown[]): boolean => rows.length > 0
    const compared = async (
      name: string,
      texts: { readonly hand: string; readonly ours: string },
      value: Search["value"],
      kind: "ours" | "note",
    ): Promise<BenchResult> => {
      const values = (): unknown[] => {
        const { patient, full, phone } = any(asked)
        const { clinicNumber, branchNumber } = patient
        return [clinicId(clinicNumber), branchId(clinicNumber, branchNumber), value(full, phone)]
      }
      const byHand = (session: typeof raw): (() => Promise<void>) => handWrittenRows(session, texts.hand, values, some)
      const next = (): [Session, unknown[]] => {
        const { patient, full, phone } = any(asked)
        return [measured.contexts.one(patient.clinicNumber, patient.branchNumber), [value(full, phone)]]
      }
      return await measure(
        stage,
        name,
        [
          ...(await floors(later, () => rawClient(stage), "hand-written WHERE", byHand)),
          { name: "signed portable", kind, run: protectedRows(client, texts.ours, next, some) },
        ],
        { rounds: 25, operations: 40, warmUp: 50 },
      )
    }
    const results: BenchResult[] = []
    for (const one of searches) results.push(await compared(`search by ${one.name}`, one, one.value, "ours"))
    results.push(await compared("search by a free substring (ILIKE)", free, (full) => `%${full.slice(2, 6)}%`, "note"))
    return results
  })
}
