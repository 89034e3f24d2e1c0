import { setTimeout as sleep } from "node:timers/promises"
import { WardkeepError } from "@wardkeep/core"
import { inTransaction, type Queryable } from "@wardkeep/postgres/migrate"
import { OpenLogs } from "./batch.js"
import { captureState } from "./capture.js"
import { batchEntry, checkpointEntry } from "./entry.js"
import { checkpointNote, keyHash, originOf, type Signer } from "./note.js"
import { leavePlace, type Place, pooled, takePlace } from "./place.js"
import { rootOf } from "./tree.js"

export interface SealOptions {
  /** A dedicated connection of the migrator's login with the owner's role in force. */
  readonly client: Queryable
  /** The deployment of the policy file; part of every log's name. */
  readonly deployment: string
  readonly signer: Signer
  /** Milliseconds after which a batch without events is sealed too, so that silence can be told from a dead sealer. Default 60000. */
  readonly heartbeat?: number
}

export interface Sealed {
  readonly events: number
  /** The deployment's newest checkpoint; null when nothing was due. */
  readonly checkpoint: string | null
}

/** One process that seals; made by {@link openSealer}. */
export interface Sealer {
  /**
   * Seals what was committed since the last batch, in one transaction. Never makes a writer wait.
   *
   * @throws WK403 another sealer took over · WK404 the database is another incarnation than the one sealed last · WK410 the
   * connection was given another process of the server
   */
  seal(): Promise<Sealed>
  /** Seals every `interval` milliseconds until the signal aborts. */
  run(options: {
    interval?: number
    signal: AbortSignal
    onSealed?: (sealed: Sealed) => void | Promise<void>
  }): Promise<void>
  /** Lets another process seal. */
  close(): Promise<void>
}

/**
 * Takes the place of the one sealer of this database.
 *
 * @throws WK403 another process seals already · WK410 a pooler stands between · WK445 the key was retired
 * @example
 * const sealer = await openSealer({ client, deployment: policy.deployment, signer: signerFrom(pem) })
 * const { checkpoint } = await sealer.seal()
 */
export async function openSealer(options: SealOptions): Promise<Sealer> {
  const { client } = options
  const place = await takePlace(client)
  if (await isRetired(options)) {
    await leavePlace(client, place)
    throw new WardkeepError("WK445", { message: "this key was retired, and signs nothing more" })
  }
  const seal = (): Promise<Sealed> => inTransaction(client, () => sealBatch(options, place), begin)
  return {
    seal,
    async run({ interval = 1000, signal, onSealed }) {
      while (!signal.aborted) {
        const sealed = await seal()
        if (sealed.checkpoint !== null) await onSealed?.(sealed)
        await sleep(interval, undefined, { signal }).catch(() => undefined)
      }
    },
    async close() {
      await leavePlace(client, place)
    },
  }
}

/** Of the partitions the planner expects so much that it would compile each batch's question, for seconds: see `interpreted`. */
const begin = "begin isolation level repeatable read; set local jit = off"

async function isRetired({ client, signer }: SealOptions): Promise<boolean> {
  const { rows } = await client.query<{ retired: boolean }>("select wardkeep_audit.is_retired($1) as retired", [
    keyHash(signer),
  ])
  return rows[0]?.retired === true
}

interface State {
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

async function sealBatch(
  { client, deployment, signer, heartbeat = 60_000 }: SealOptions,
  place: Place,
): Promise<Sealed> {
  const state = await lockState(client, place)
  if (state.known !== null && state.known !== state.incarnation) {
    throw new WardkeepError("WK404", {
      message: "this database was restored, cloned or promoted since it was sealed last",
      detail: `${state.known} → ${state.incarnation}`,
    })
  }
  const logs = new OpenLogs(client)
  const events = await logs.appendEvents(state.previous)
  if (events === 0 && state.idle !== null && state.idle < heartbeat) return { events, checkpoint: null }
  const tenants = logs.touched
  const origin = (tenant: string): string => originOf(deployment, state.deployment, tenant)
  await logs.appendEntry(
    "",
    batchEntry({
      number: BigInt(state.batch) + 1n,
      atMicroseconds: BigInt(state.now_us),
      incarnation: state.incarnation,
      previousSnapshot: state.previous,
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

/** The row is locked first: under REPEATABLE READ a sealer that was overtaken fails here (40001) or on its fence. */
async function lockState(client: Queryable, { fence, pid }: Place): Promise<State> {
  try {
    const { rows } = await client.query<State & Place>(
      `select deployment::text, fence::text, pg_backend_pid() as pid, batch::text, snapshot as previous, pg_current_snapshot()::text as snapshot,
              incarnation as known, clock_timestamp()::text as now, (extract(epoch from clock_timestamp()) * 1000000)::bigint::text as now_us,
              extract(epoch from clock_timestamp() - sealed_at)::float8 * 1000 as idle,
              (select system_identifier from pg_control_system()) || '/' || (select timeline_id from pg_control_checkpoint())
                || '/' || (select oid from pg_database where datname = current_database()) as incarnation
         from wardkeep_audit.seal_state for update`,
    )
    const state = rows[0]
    if (state !== undefined && state.pid !== pid) throw pooled()
    if (state?.fence === fence) return state
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "40001")) throw error
  }
  throw new WardkeepError("WK403", { message: "another sealer took over; this one signed nothing more" })
}
