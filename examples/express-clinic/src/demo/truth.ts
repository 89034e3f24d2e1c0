import { careTables } from "../data/care.js"
import type { Stage } from "./stage.js"

const tables = ["patient", ...careTables] as const

/** A digest of every row of every branch but the attackers', read by the superuser. */
export async function fingerprint({ superuser, home }: Stage): Promise<string> {
  const digests: string[] = []
  for (const table of tables) {
    const { rows } = await superuser.query<{ digest: string }>(
      `select count(*) || ' ' || md5(string_agg(md5(t::text), '' order by t.id)) as digest from ${table} t where branch_id <> $1`,
      [home.branch.id],
    )
    digests.push(`${table} ${rows[0]?.digest}`)
  }
  return digests.join("\n")
}

/** @throws Error when a target does not exist: an attempt on nothing proves nothing */
export async function control(stage: Stage): Promise<number> {
  await oracleFires(stage)
  let found = 0
  for (const { patient, rows } of [stage.home, stage.nextDoor, stage.elsewhere]) {
    const targets = [["patient", patient.id], ...Object.entries(rows)] as const
    for (const [table, id] of targets) {
      const { rowCount } = await stage.superuser.query(`select from ${table} where id = $1`, [id])
      if (rowCount !== 1) throw new Error(`the control failed: there is no such ${table}`)
      found += 1
    }
  }
  return found
}

export async function patientCount({ superuser }: Stage): Promise<number> {
  const { rows } = await superuser.query<{ n: number }>("select count(*)::int as n from patient")
  return rows[0]?.n ?? 0
}

/** The searches of the oracle are tried on what an attacker must never get, one kind at a time. */
async function oracleFires({ superuser, oracle, home, elsewhere }: Stage): Promise<void> {
  const { rows } = await superuser.query<Record<string, unknown>>(
    "select id, phone, abha, chart_no from patient where id = $1",
    [elsewhere.patient.id],
  )
  for (const [column, value] of Object.entries(rows[0] ?? {})) {
    const hit = oracle.find(JSON.stringify({ [column]: value }), [home.branch])
    if (hit === undefined) throw new Error(`the control failed: a foreign ${column} would go unnoticed`)
    if (oracle.find(JSON.stringify({ [column]: value }), [elsewhere.branch]) !== undefined)
      throw new Error("the oracle fires on own rows")
  }
}
