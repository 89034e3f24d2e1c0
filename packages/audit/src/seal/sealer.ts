import { setTimeout as sleep } from "node:timers/promises"
import { WardkeepError } from "@wardkeep/core"
import { inTransaction, type Queryable } from "@wardkeep/postgres/migrate"
import { keyHash, type Signer } from "./note.js"
import { leavePlace, type Place, takePlace } from "./place.js"
import { beginSealing, lockState, type Sealed, signBatch } from "./sign.js"

export type { Sealed } from "./sign.js"

export interface SealOptions {
  /** A dedicated connection of the migrator's login with the owner's role in force. */
  readonly client: Queryable
  /** The deployment of the policy file; part of every log's name. */
  readonly deployment: string
  readonly signer: Signer
  /** Milliseconds after which a batch without events is sealed too, so that silence can be told from a dead sealer. Default 60000. */
  readonly heartbeat?: number
  /** Asked before each batch, in its transaction: where it rejects, nothing is signed. */
  readonly before?: () => Promise<void>
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
 * @throws WK403 another process seals already · WK410 a pooler stands between · WK445 the key was retired · WK456 a standby
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
  const seal = (): Promise<Sealed> => inTransaction(client, () => sealBatch(options, place), beginSealing)
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

/** Whether this key gave the sealing over to another one. */
export async function isRetired({ client, signer }: Pick<SealOptions, "client" | "signer">): Promise<boolean> {
  const { rows } = await client.query<{ retired: boolean }>("select wardkeep_audit.is_retired($1) as retired", [
    keyHash(signer),
  ])
  return rows[0]?.retired === true
}

async function sealBatch(options: SealOptions, place: Place): Promise<Sealed> {
  const { client, heartbeat = 60_000 } = options
  const state = await lockState(client, place)
  if (state.known !== null && state.known !== state.incarnation) {
    throw new WardkeepError("WK404", {
      message: "this database was restored, cloned or promoted since it was sealed last",
      detail: `${state.known} → ${state.incarnation}`,
    })
  }
  await options.before?.()
  return await signBatch(options, state, { after: state.previous, heartbeat })
}
