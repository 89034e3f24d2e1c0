import { readCheckpoint } from "@wardkeep/audit/verify"
import type pg from "pg"
import { naiveRoot } from "./tree.ts"

interface LogRow {
  readonly id: number
  readonly tenant: string
  readonly size: string
  readonly note: string
}

/** What the signed tree heads and a tree that is built anew from all leaves disagree about; empty where they agree. */
export async function compareTrees(client: pg.Client, kept: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<LogRow>(
    `select g.id, g.tenant, g.size::text, (select c.note from wardkeep_audit.checkpoint c where c.log = g.id order by c.size desc limit 1) as note
       from wardkeep_audit.log g order by g.id`,
  )
  const wrong: string[] = []
  for (const { id, tenant, size, note } of rows) {
    const leaves = await hashesOf(client, id)
    const name = tenant === "" ? "the deployment's log" : `log ${id}`
    if (leaves.length !== Number(size)) wrong.push(`${name}: ${leaves.length} leaves of ${size}`)
    const heads = tenant === "" ? [...kept, note] : [note]
    for (const head of heads) {
      const signed = readCheckpoint(head, [])
      if (signed === undefined) wrong.push(`${name}: a head that is none`)
      else if (!naiveRoot(leaves.slice(0, signed.size)).equals(signed.root))
        wrong.push(`${name}: another root at ${signed.size}`)
    }
    if (readCheckpoint(note, [])?.size !== leaves.length) wrong.push(`${name}: leaves behind its newest head`)
  }
  return wrong
}

async function hashesOf(client: pg.Client, log: number): Promise<Buffer[]> {
  const { rows } = await client.query<{ index: string; hash: Buffer }>(
    "select l.index::text, l.hash from wardkeep_audit.leaf l where l.log = $1 order by l.index",
    [log],
  )
  for (const [at, { index }] of rows.entries()) if (Number(index) !== at) throw new Error(`leaf ${at} is not there`)
  return rows.map(({ hash }) => hash)
}
