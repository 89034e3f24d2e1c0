import { WardkeepError } from "@wardkeep/core"
import type { ContextStore, Frame } from "../context/store.js"
import type { Channel } from "./channel.js"
import { Deadline, type Limits } from "./deadline.js"
import type { Runtime } from "./runtime.js"
import { Transaction } from "./transaction.js"

export interface TransactionOptions extends Limits {
  readonly isolation?: "read committed" | "repeatable read" | "serializable"
  readonly readOnly?: boolean
  readonly deferrable?: boolean
}

const levels: ReadonlySet<string> = new Set(["read committed", "repeatable read", "serializable"])

/** @throws WK009 an isolation level that PostgreSQL does not have */
export function transactionModes({ isolation, readOnly, deferrable }: TransactionOptions): string[] {
  if (isolation !== undefined && !levels.has(isolation))
    throw new WardkeepError("WK009", { message: `isolation is ${[...levels].join(", ")}` })
  return [
    ...(isolation === undefined ? [] : [`isolation level ${isolation}`]),
    ...(readOnly === true ? ["read only"] : []),
    ...(deferrable === true ? ["deferrable"] : []),
  ]
}

/** Runs `work` in the channel's transaction; settles at the latest when the time is over, whatever `work` does. */
export async function transact<T>(
  runtime: Runtime,
  store: ContextStore,
  inside: Omit<Frame, "transaction">,
  channel: Channel,
  limits: Limits,
  work: (q: Transaction) => Promise<T>,
): Promise<T> {
  const handle = new Transaction(runtime, store, inside.run, channel)
  const deadline = deadlineOf(runtime, limits)
  const expired = new Promise<never>((_, reject) => {
    deadline.onExpire((error) => {
      handle.end()
      channel.abort(error)
      reject(error)
    })
  })
  const whole = store
    .run({ ...inside, transaction: handle }, () => work(handle))
    .then(
      async (result) => {
        handle.end()
        await channel.commit()
        return result
      },
      async (error: unknown) => {
        handle.end()
        await channel.rollback()
        throw error
      },
    )
  return await Promise.race([whole, expired]).finally(() => deadline.clear())
}

/** Yields what `rows` yields inside the channel's transaction, and ends it however the loop ends. */
export async function* whileOpen<T>(
  runtime: Runtime,
  channel: Channel,
  limits: Limits,
  rows: () => AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  const deadline = deadlineOf(runtime, limits)
  deadline.onExpire((error) => channel.abort(error))
  try {
    yield* rows()
    await channel.commit()
  } finally {
    deadline.clear()
    await channel.rollback()
  }
}

function deadlineOf(runtime: Runtime, { signal, timeout }: Limits): Deadline {
  return new Deadline({
    signal,
    timeout: Math.min(timeout ?? Number.POSITIVE_INFINITY, runtime.settings.maxTransaction),
  })
}
