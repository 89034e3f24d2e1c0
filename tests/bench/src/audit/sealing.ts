import { setTimeout as sleep } from "node:timers/promises"
import { openSealer, signerFrom } from "wardkeep/audit"
import { type Client, openClient } from "../client.ts"
import type { Figure } from "../figures.ts"
import type { Patient } from "../peers/peer.ts"
import { quantile } from "../statistics.ts"
import { owner, privateKey } from "./log.ts"
import { type AuditStage, contextIn } from "./stage.ts"

/** A batch, and how many events had been sealed with it. */
export interface Batch {
  readonly began: number
  readonly ended: number
  readonly sealed: number
}

/**
 * From the return of COMMIT to the end of the first batch that began after it, at most; with a writer held open all the while.
 * Every commit of the run counts, those of the last batches and the held writer's own too, and each batch must have sealed all
 * that had been committed when it began.
 */
export async function sealing(stage: AuditStage): Promise<Figure[]> {
  const { audited, quick } = stage
  const seconds = quick ? 10 : 60
  const client = await openClient(audited.policy, audited.url(audited.app), {
    connections: 6,
    views: true,
    // Beyond the client's own limit, which would end the writer that is held open.
    maxTransaction: (seconds + 60) * 1000,
  })
  const batches: Batch[] = []
  const committed: number[] = []
  try {
    await owner(stage, async (connection) => {
      const { deployment } = audited.policy
      const sealer = await openSealer({ client: connection, deployment, signer: signerFrom(privateKey) })
      await sealer.seal()
      let written = false
      const writing = writes(stage, client, { seconds, committed }).finally(() => {
        written = true
      })
      // What failed is told where it is awaited; the sealer need not go on until then.
      writing.catch(() => undefined)
      let sealed = 0
      for (let last = false; !last; ) {
        last = written
        const began = performance.now()
        sealed += (await sealer.seal()).events
        batches.push({ began, ended: performance.now(), sealed })
        await sleep(1000)
      }
      await writing
      await sealer.close()
    })
  } finally {
    await client.close()
  }
  const what = `commit to signed checkpoint, p99, a writer open for ${seconds} s`
  return [{ what, unit: "s", measured: Number(quantile(lagsOf(committed, batches), 0.99).toFixed(2)), most: 2 }]
}

/** Four writers of short transactions, and one that stays open until they have ended. Tells when each COMMIT returned. */
async function writes(
  stage: AuditStage,
  client: Client,
  { seconds, committed }: { readonly seconds: number; readonly committed: number[] },
): Promise<void> {
  const owe = "update patient set balance = balance + 1 where id = $1"
  const patients = stage.patients.slice(0, -1)
  const [held] = stage.patients.slice(-1)
  if (held === undefined || patients.length === 0) throw new Error("there are too few patients")
  const until = Date.now() + seconds * 1000
  let over = false
  const writer = async (from: number): Promise<void> => {
    for (let at = from; Date.now() < until; at += 4) {
      const patient = patients[at % patients.length] as Patient
      await client.run(contextIn(stage.audited, patient), () => client.query(owe, [patient.id]))
      committed.push(performance.now())
      await sleep(5)
    }
  }
  const long = client.run(contextIn(stage.audited, held), () =>
    client.tx(async (tx) => {
      await tx.query(owe, [held.id])
      while (!over) await sleep(50)
    }),
  )
  const all = Promise.all([0, 1, 2, 3].map(writer)).finally(() => {
    over = true
  })
  await Promise.all([all, long.then(() => void committed.push(performance.now()))])
}

/** In seconds, one for each commit of one event. @throws a commit that no batch, or not the first after it, sealed */
export function lagsOf(committed: readonly number[], batches: readonly Batch[]): number[] {
  for (const { began, sealed } of batches) {
    const before = committed.filter((at) => at <= began).length
    if (sealed < before) throw new Error(`of ${before} commits a batch that began after them left ${before - sealed}`)
  }
  const sealed = batches.at(-1)?.sealed ?? 0
  if (sealed !== committed.length) throw new Error(`of ${committed.length} commits ${sealed} events were sealed`)
  return committed.map((at) => {
    const batch = batches.find(({ began }) => began >= at)
    if (batch === undefined) throw new Error("a commit had no batch after it")
    return (batch.ended - at) / 1000
  })
}
