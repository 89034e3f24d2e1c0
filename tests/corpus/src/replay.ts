import { Client, DatabaseError } from "pg"
import { z } from "zod"
import { ident } from "../../harness/src/sql.ts"
import type { Installed } from "./installed.ts"
import { prove } from "./proof.ts"
import { type Answer, isAnothers, movesWith, shows } from "./shown.ts"
import { canary, type System } from "./system.ts"
import type { Finding } from "./verify.ts"

export interface Repeated {
  /** What was found without its replay showing it. */
  readonly silent: readonly string[]
  readonly shown: number
}

/**
 * Does what a reader of the report does: pastes every replay of a leak or an oracle with the application's login. And once
 * more when the others' rows are gone, for an answer that stays the same says nothing of them.
 */
export async function repeatAll(installed: Installed, findings: readonly Finding[]): Promise<Repeated> {
  const claimed = findings.filter(({ verdict, severity }) => verdict === "LEAK" && severity !== "hygiene")
  const texts: string[][] = []
  for (const { replay } of claimed) texts.push(await filledIn(installed, replay))
  const first: (readonly (readonly Answer[])[])[] = []
  for (const some of texts) first.push(await pastedAll(installed, some))
  await removeOthers(installed)
  const later: (readonly (readonly Answer[])[])[] = []
  for (const some of texts) later.push(await pastedAll(installed, some))
  const same: (readonly (readonly Answer[])[])[] = []
  for (const some of texts) same.push(await pastedAll(installed, some))
  // They carry no word, and are what another tenant must not see.
  await removeFirsts(installed)
  const silent: string[] = []
  for (const [at, { check, object }] of claimed.entries()) {
    const answers = first[at] ?? []
    const without = later[at] ?? []
    if (answers.some((one, i) => shows(installed.system, canary, one, without[i] ?? []))) continue
    const byAnother = (texts[at] ?? []).map((text) => isAnothers(installed.system.target, text))
    const again = same[at] ?? []
    if (answers.some((one, i) => movesWith(installed.system, one, without[i] ?? [], again[i] ?? []))) continue
    const last = byAnother.includes(true) ? await pastedAll(installed, texts[at] ?? []) : []
    if (without.some((one, i) => byAnother[i] && shows(installed.system, canary, one, last[i] ?? []))) continue
    const told = answers.at(-1)?.map(({ said }) => said) ?? ["it holds no statement"]
    silent.push(`${check} ${object}: ${told.join("; ").slice(0, 300)}`)
  }
  return { silent, shown: claimed.length - silent.length }
}

async function pastedAll(installed: Installed, texts: readonly string[]): Promise<Answer[][]> {
  const all: Answer[][] = []
  for (const text of texts) all.push(await pasted(installed, text))
  return all
}

/** Past triggers, keys and policies; the database is not needed any more. */
async function removeOthers({ admin, system }: Installed): Promise<void> {
  const { rows } = await admin.query<{ name: string; kind: string }>(
    `select format('%I.%I', n.nspname, c.relname) as name, c.relkind as kind from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'm') and n.nspname !~ '^(pg_|information_schema$)' order by c.relkind desc`,
  )
  await admin.query("set session_replication_role = replica")
  const words = [canary, ...(system.shows === undefined ? [] : [system.shows])].map((word) => `%${word}%`)
  for (const { name, kind } of rows) {
    if (kind === "r") await admin.query(`delete from ${name} as t where t::text like any ($1)`, [words])
    else await admin.query(`refresh materialized view ${name}`)
  }
}

/** By the tenant column, of which the target says what it is called. */
async function removeFirsts({ admin, system: { target } }: Installed): Promise<void> {
  const [first] = target.tenants
  const { rows } = await admin.query<{ table: string; column: string }>(
    `select format('%I.%I', n.nspname, c.relname) as table, quote_ident(a.attname) as column
      from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
      where c.relkind = 'r' and n.nspname !~ '^(pg_|information_schema$)' and a.attname = any ($1)`,
    [Object.values(target.tenantColumns)],
  )
  for (const { table, column } of rows)
    await admin.query(`delete from ${table} where ${column}::text = $1`, [first?.key])
}

/** The text, and of a document the first one in it. */
const textIn = (column: string): string =>
  `coalesce((select d #>> '{}' from jsonb_path_query(to_jsonb(${column}), 'strict $.** ? (@.type() == "string")') as d limit 1), ${column}::text)`

/** A value of a person is left out of a replay; whoever repeats it looks one up. A few are tried. */
async function filledIn({ admin, system }: Installed, replay: string): Promise<string[]> {
  const asked = [...replay.matchAll(/^-- (value_\d+): of "?(\w+)"?\."?(\w+)"?\."?(\w+)"?(?: of tenant ([\w. ]+))?;/gm)]
  // What is asked of one tenant's table is asked of one row: the number of a card and the day of birth that goes with it.
  const rowOf = ([, , schema = "", table = "", , tenant = ""]: RegExpMatchArray): string =>
    JSON.stringify([`${ident(schema)}.${ident(table)}`, tenant])
  const lists: { readonly name: string; readonly values: readonly string[] }[] = []
  for (const one of new Set(asked.map(rowOf))) {
    const [from = "", tenant = ""] = z.array(z.string()).parse(JSON.parse(one))
    const mine = asked.filter((each) => rowOf(each) === one)
    const isFirst = tenant === system.target.tenants[0]?.name.replace(/[^\w. ]/g, "_")
    const whose = tenant === "" ? "true" : `(t::text like '%${canary}%') = ${!isFirst}`
    const values = mine.map(([, , , , column = ""], at) => `${textIn(ident(column))} as v${at}`).join(", ")
    const all = mine.map((_, at) => `v${at}`).join(", ")
    const { rows } = await admin.query<Record<string, string>>(
      `select distinct on (k, ${all}) ${all} from (select ${values}, (t::text not like '%${canary}%') as k
        from ${from} as t where ${whose}) as q where num_nulls(${all}) = 0 order by k, ${all} limit 20`,
    )
    lists.push(...mine.map(([, name = ""], at) => ({ name, values: rows.map((row) => row[`v${at}`] ?? "") })))
  }
  const most = Math.max(1, ...lists.map(({ values }) => values.length))
  return Array.from({ length: most }, (_, i) =>
    lists.reduce(
      (text, { name, values }) =>
        text.replaceAll(`:'${name}'`, `'${(values[i % values.length] ?? "").replaceAll("'", "''")}'`),
      replay,
    ),
  )
}

/** One statement after the other, as psql does: a refused one ends the transaction's usefulness and is an answer too. */
async function pasted(installed: Installed, replay: string): Promise<Answer[]> {
  const { system, url, adminUrl } = installed
  const isExempt = replay.startsWith("-- as a login that no policy stops")
  const client = new Client({ connectionString: isExempt ? adminUrl : url(loginOf(system, replay)) })
  const notices: string[] = []
  client.on("notice", ({ message }) => notices.push(message ?? ""))
  client.on("notification", ({ payload }) => notices.push(payload ?? ""))
  client.on("error", () => undefined)
  await client.connect()
  const beside = await openBeside(installed, replay)
  try {
    const answers: Answer[] = []
    for (const statement of statementsOf(replay)) {
      const answer = await answered(client, statement)
      // The system's own script lets another tenant write meanwhile; what it sends arrives before the next answer.
      if (/^listen /i.test(statement)) {
        await prove(installed)
        await client.query("select 1")
      }
      answers.push({ ...answer, said: [answer.said, ...notices.splice(0)].join(" ") })
    }
    return answers
  } finally {
    await beside?.end()
    await client.end()
  }
}

/** Somebody of that login is at work, with a word of theirs in what they asked last. */
async function openBeside({ url }: Installed, replay: string): Promise<Client | undefined> {
  const login = /^-- while a session of (\S+) is open$/m.exec(replay)?.[1]
  if (login === undefined) return undefined
  const client = new Client({ connectionString: url(login) })
  client.on("error", () => undefined)
  await client.connect()
  await client.query(`select '${canary}' as word`)
  return client
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
