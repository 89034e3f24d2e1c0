import { WardkeepError } from "@wardkeep/core"
import type { Queryable } from "@wardkeep/postgres/migrate"
import { OpenLogs } from "./batch.js"
import { captureState } from "./capture.js"
import { batchEntry, checkpointEntry } from "./entry.js"
import { checkpointNote, originOf, type Signer } from "./note.js"
import { type Place, pooled } from "./place.js"
import { rootOf } from "./tree.js"

export interface Sealed {
  readonly events: number
  /** The deployment's newest checkpoint; null when nothing was due. */
  readonly checkpoint: string | null
}

/** How far the log is sealed, and what the database is now. */
export interface State {
  readonly deployment: string
  readonly batch: string
  readonly previous: string | null
  readonly snapshot: string
  readonly known: string | null
  readonly incarnation: string
  readonly now: string
  readonly now_us: string
  readonly idle: number | null
}

/** Of the partitions the planner expects so much that it would compile each batch's question, for seconds: see `interpreted`. */
export const beginSealing = "begin isolation level repeatable read; set local jit = off"

/** The row is locked first: under REPEATABLE READ a sealer that was overtaken fails here (40001) or on its fence. */
export async function lockState(client: Queryable, { fence, pid }: Place): Promise<State> {
  try {
    const { rows } = await client.query<State & Place>(
      `select deployment::text, fence::text, pg_backend_pid() as pid, batch::text, snapshot as previous, pg_current_snapshot()::text as snapshot,
              incarnation as known, s.now::text, (extract(epoch from s.now) * 1000000)::bigint::text as now_us,
              extract(epoch from s.now - sealed_at)::float8 * 1000 as idle, wardkeep_audit.incarnation() as incarnation
         from (select *, clock_timestamp() as now from wardkeep_audit.seal_state for update) s`,
    )
    const state = rows[0]
    if (state !== undefined && state.pid !== pid) throw pooled()
    if (state?.fence === fence) return state
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "40001")) throw error
  }
  throw new WardkeepError("WK403", { message: "another sealer took over; this one signed nothing more" })
}

interface Due {
  /** What the batch goes on from: the snapshot of the one before; null, every event that no leaf holds. */
  readonly after: string | null
  /** Milliseconds after which a batch without events is due as well. */
  readonly heartbeat: number
}

/** Less than nothing has passed where a clock was set back: the log would be silent for as long as it had been ahead. */
const isDue = ({ idle }: State, heartbeat: number): boolean => idle === null || idle < 0 || idle >= heartbeat

/** Appends a batch to the logs and signs each log that grew; part of the caller's transaction. */
export async function signBatch(
  { client, deployment, signer }: { client: Queryable; deployment: string; signer: Signer },
  state: State,
  { after, heartbeat }: Due,
): Promise<Sealed> {
  const logs = new OpenLogs(client)
  const events = await logs.appendEvents(after)
  if (events === 0 && !isDue(state, heartbeat)) return { events, checkpoint: null }
  const tenants = logs.touched
  const origin = (tenant: string): string => originOf(deployment, state.deployment, tenant)
  await logs.appendEntry(
    "",
    batchEntry({
      number: BigInt(state.batch) + 1n,
      atMicroseconds: BigInt(state.now_us),
      incarnation: state.incarnation,
      previousSnapshot: after,
      snapshot: state.snapshot,
      events,
      capture: await captureState(client),
    }),
    state.now,
  )
  for (const { tenant, seed, frontier } of tenants)
    if (tenant !== "")
      await logs.appendEntry("", checkpointEntry(seed, tenant, frontier.size, rootOf(frontier)), state.now)
  await logs.flush()
  let newest = ""
  for (const { id, tenant, frontier } of logs.touched) {
    const note = checkpointNote(signer, origin(tenant), frontier.size, rootOf(frontier))
    await client.query("insert into wardkeep_audit.checkpoint (log, size, at, note) values ($1, $2, $3, $4)", [
      id,
      frontier.size,
      state.now,
      note,
    ])
    if (tenant === "") newest = note
  }
  await client.query(
    "update wardkeep_audit.seal_state set batch = batch + 1, snapshot = $1, incarnation = $2, sealed_at = $3",
    [state.snapshot, state.incarnation, state.now],
  )
  return { events, checkpoint: newest }
}
