import { Client, DatabaseError } from "pg"
import { ident } from "../../harness/src/sql.ts"
import type { Installed } from "./installed.ts"
import { prove } from "./proof.ts"
import { canary, type System } from "./system.ts"
import type { Finding } from "./verify.ts"

export interface Repeated {
  /** What was found without its replay showing it. */
  readonly silent: readonly string[]
  readonly shown: number
}

/** Does what a reader of the report does: pastes every replay of a leak or an oracle with the application's login. */
export async function repeatAll(installed: Installed, findings: readonly Finding[]): Promise<Repeated> {
  const silent: string[] = []
  let shown = 0
  for (const finding of findings.filter(({ verdict, severity }) => verdict === "LEAK" && severity !== "hygiene")) {
    const told = await repeat(installed, finding)
    if (told === undefined) shown++
    else silent.push(`${finding.check} ${finding.object}: ${told}`)
  }
  return { silent, shown }
}

/** Undefined where the replay shows it; otherwise what was seen instead. */
async function repeat(installed: Installed, { replay }: Finding): Promise<string | undefined> {
  const channel = /^listen (.+);$/m.exec(replay)?.[1]
  if (channel !== undefined) return await listening(installed, channel)
  let told = "it holds no statement"
  for (const text of await filledIn(installed, replay)) {
    const answers = await pasted(installed, text)
    if (shows(answers, installed.system.shows ?? canary)) return undefined
    told = answers
      .map(({ said }) => said)
      .join("; ")
      .slice(0, 300)
  }
  return told
}

/** The system's own script lets the other tenant write meanwhile. */
async function listening(installed: Installed, channel: string): Promise<string | undefined> {
  const { system, url } = installed
  const client = new Client({ connectionString: url(system.app) })
  const heard: string[] = []
  client.on("notification", ({ payload }) => heard.push(payload ?? ""))
  await client.connect()
  try {
    await client.query(`listen ${channel}`)
    await prove(installed)
    // What was sent before arrives before the answer.
    await client.query("select 1")
    return heard.join().includes(system.shows ?? canary) ? undefined : `heard ${heard.length} notifications`
  } finally {
    await client.end()
  }
}

/** A value of a person is left out of a replay; whoever repeats it looks one up. A few are tried. */
async function filledIn({ admin }: Installed, replay: string): Promise<string[]> {
  const asked = [...replay.matchAll(/^-- (value_\d+): of (?:the same row as )?"?(\w+)"?\."?(\w+)"?\."?(\w+)"?;/gm)]
  const columns = asked.map(async ([, name = "", schema = "", table = "", column = ""]) => {
    const { rows } = await admin.query<{ value: string }>(
      `select distinct on (k, value) value from (select ${ident(column)}::text as value, (t::text not like '%${canary}%') as k
        from ${ident(schema)}.${ident(table)} as t) as q where value is not null order by k, value limit 20`,
    )
    return { name, values: rows.map(({ value }) => value) }
  })
  const lists = await Promise.all(columns)
  const most = Math.max(1, ...lists.map(({ values }) => values.length))
  return Array.from({ length: most }, (_, i) =>
    lists.reduce(
      (text, { name, values }) =>
        text.replaceAll(`:'${name}'`, `'${(values[i % values.length] ?? "").replaceAll("'", "''")}'`),
      replay,
    ),
  )
}

interface Answer {
  readonly statement: string
  readonly said: string
  readonly rows: readonly Record<string, unknown>[]
  /** Of the command tag. */
  readonly count: number
  readonly command: string
  readonly refused: string | undefined
}

/** One statement after the other, as psql does: a refused one ends the transaction's usefulness and is an answer too. */
async function pasted({ system, url, adminUrl }: Installed, replay: string): Promise<Answer[]> {
  const isExempt = replay.startsWith("-- as a login that no policy stops")
  const client = new Client({ connectionString: isExempt ? adminUrl : url(loginOf(system, replay)) })
  const notices: string[] = []
  client.on("notice", ({ message }) => notices.push(message ?? ""))
  client.on("error", () => undefined)
  await client.connect()
  try {
    const answers: Answer[] = []
    for (const statement of statementsOf(replay)) {
      const answer = await answered(client, statement)
      answers.push({ ...answer, said: [answer.said, ...notices.splice(0)].join(" ") })
    }
    return answers
  } finally {
    await client.end()
  }
}

async function answered(client: Client, statement: string): Promise<Answer> {
  try {
    const { rows, rowCount, command } = await client.query<Record<string, unknown>>(statement)
    const said = `${command} ${rowCount ?? ""} ${JSON.stringify(rows)}`
    return { statement, said, rows, count: rowCount ?? 0, command, refused: undefined }
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    const said = `${error.code} ${error.message} ${error.detail ?? ""}`
    return { statement, said, rows: [], count: 0, command: "", refused: error.code ?? "" }
  }
}

const loginOf = ({ app }: System, replay: string): string => /^-- connected as (\S+)$/m.exec(replay)?.[1] ?? app

/** At each semicolon that ends a line: replays are written so, and bodies of functions are not. */
const statementsOf = (replay: string): string[] =>
  replay
    .replace(/^--.*$/gm, "")
    .split(/;\s*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "")

/** Rows of another tenant, a write that reached some, an answer that another tenant's row changed, or a key that is taken. */
function shows(answers: readonly Answer[], word: string): boolean {
  const tried = answers.filter(({ statement }) => !/^(begin|rollback|commit|set |select set_config)/i.test(statement))
  if (tried.some(({ said, refused }) => refused !== "42501" && said.includes(word))) return true
  const last = tried.at(-1)
  if (last === undefined) return false
  if (/^(INSERT|UPDATE|DELETE|MERGE|COPY|FETCH)$/.test(last.command) && last.count > 0) return true
  if (/^(CREATE|ALTER|TRUNCATE)$/.test(last.command) || /^23(505|P01|503)$/.test(last.refused ?? "")) return true
  if (last.rows.some((row) => Object.values(row).some((value) => value === true || Number(value) > 0))) return true
  const before = tried.find(({ statement }) => statement === last.statement)
  return before !== undefined && before !== last && before.said !== last.said
}
