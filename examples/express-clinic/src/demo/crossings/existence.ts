import type { Session, SessionGrant } from "wardkeep"
import { rawSql } from "../attacker.js"
import { type Attempt, type Outcome, refusalOf } from "../attempt.js"
import type { Stage } from "../stage.js"
import type { Target } from "../target.js"

/** A question whose answer must be the same for something that exists in another branch and for something invented. */
interface Question {
  readonly what: string
  readonly from: string
  readonly type: "text" | "timestamptz" | "uuid"
  readonly real: string
  readonly invented: string
}

/** Is somebody a patient elsewhere? A context that fails only when a row is met would tell, without showing the row. */
export async function existence(stage: Stage, grant: SessionGrant, session: Session): Promise<Attempt[]> {
  const attempts: Attempt[] = []
  for (const [where, target] of [
    ["next door", stage.nextDoor],
    ["in another clinic", stage.elsewhere],
  ] as const) {
    for (const question of await questions(stage, target)) {
      for (const [how, text] of forgeries(grant, target)) {
        const base = { layer: "error-message", home: [stage.home.branch], given: target.given } as const
        const attempt = `is ${question.what} ${where}? by a context that ${how}`
        const raw: Asked = (asked, value) => rawSql(stage.appUrl, grant, [text(asked, value)])
        attempts.push({ ...base, attempt, run: () => compared(question, raw) })
        if (!question.from.startsWith("patient_word")) continue
        const client: Asked = (asked, value) => throughClient(stage, session, text(asked, value))
        attempts.push({ ...base, attempt: `${attempt}, through the client`, run: () => compared(question, client) })
      }
    }
  }
  return attempts
}

async function questions({ superuser }: Stage, { patient }: Target): Promise<Question[]> {
  const { rows } = await superuser.query<{ at: string }>("select created_at::text as at from patient where id = $1", [
    patient.id,
  ])
  const backwards = (phone: string): string => `#${[...phone.slice(1)].reverse().join("")}`
  const word = "patient_word w where w.word"
  return [
    {
      what: "this phone number",
      from: word,
      type: "text",
      real: backwards(patient.phone),
      invented: backwards("+919000000000"),
    },
    {
      what: "this moment of registration",
      from: "patient p where p.created_at",
      type: "timestamptz",
      real: rows[0]?.at ?? "",
      invented: "2001-01-01",
    },
    {
      what: "this ABHA number",
      from: "patient p where p.abha",
      type: "text",
      real: patient.abha ?? "",
      invented: "99000000000000",
    },
    {
      what: "this id",
      from: "patient p where p.id",
      type: "uuid",
      real: patient.id,
      invented: "00000000-0000-4000-8000-000000000000",
    },
  ]
}

type Asked = (question: Question, value: string) => Promise<Outcome>
type Ask = (question: Question, value: string) => string

/** Contexts that are refused, set in the same statement, so that no client can look at them first. */
function forgeries({ token }: SessionGrant, { branch }: Target): [string, Ask][] {
  const set = (name: string, value: string): string => `set_config('wardkeep.${name}', '${value}', true)`
  const own = set("token", token)
  const unknown = set("token", "a".repeat(47))
  return [
    ["claims a branch it does not have", atOnce(`${own}, ${set("branch", branch.id)}`)],
    ["is unknown", atOnce(unknown)],
    ["has another role in force", atOnce(`${own}, set_config('role', 'wk_demo_r_nurse', true)`)],
    ["changes between two scans", betweenScans(own, unknown)],
  ]
}

const atOnce =
  (settings: string): Ask =>
  ({ from }, value) =>
    `select x.* from (select ${settings}) s, lateral (select 1 from ${from} = '${value}' offset 0) x`

/** A scan that finds nothing under a good context, then the same scan again under a bad one. */
const betweenScans =
  (good: string, bad: string): Ask =>
  ({ from, type }, value) =>
    `select x.* from (values (0), (1)) v(n), lateral (select case n when 0 then ${good} else ${bad} end as t offset 0) s,
       lateral (select 1 from ${from} = case when s.t is null or n = 0 then null else '${value}' end::${type} offset 0) x`

async function compared(question: Question, ask: Asked): Promise<Outcome> {
  const first = await ask(question, question.real)
  const second = await ask(question, question.invented)
  const said = ({ refusal, note }: Outcome): string => refusal ?? note ?? ""
  const seen = [...first.seen, ...second.seen]
  if (said(first) !== said(second))
    return { seen, betrayed: `answers differ: '${said(first)}' if it exists, '${said(second)}' if not` }
  const { refusal } = first
  return { seen, note: "the same answer as for something invented", ...(refusal === undefined ? {} : { refusal }) }
}

async function throughClient({ wk }: Stage, session: Session, text: string): Promise<Outcome> {
  try {
    const { rows } = await wk.run(session, () => wk.query(text))
    return { seen: [JSON.stringify(rows)], note: `${rows.length} rows` }
  } catch (error) {
    return { seen: [], refusal: refusalOf(error) }
  }
}
