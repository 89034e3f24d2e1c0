import { randomBytes } from "node:crypto"
import { WardkeepError } from "@wardkeep/core"
import pg from "pg"
import type { Context } from "../context/context.js"
import { Channel } from "./channel.js"
import { after, Deadline } from "./deadline.js"
import { type Failed, otherStrategy, worthAnotherTry } from "./errors.js"
import { type Ask, isHeldBack, type Observed, released, type Watch } from "./observe.js"
import type { Runtime } from "./runtime.js"
import type { Text } from "./statements.js"
import { Statement } from "./wire/statement.js"
import { type Result, Unit } from "./wire/unit.js"

type Planned = Record<"QUERY PLAN", unknown>

/**
 * Questions in the context of a call, always on sessions apart: a caller that holds a session of the pool could wait for
 * itself, or for the answer to a question that waits for it.
 */
export function askIn(runtime: Runtime, context: Context): Ask {
  const query = async <R>(text: string, values: readonly unknown[]): Promise<R[]> =>
    (await runtime.ask<R>(context, text, values)).rows
  return {
    query,
    plan: (text, parameters) => planned(runtime, context, text, parameters),
    describe: async (text, parameters) =>
      // Behind LIMIT 0 nothing is asked of the statement, not its first row either.
      (
        await runtime.ask(
          context,
          `select * from (\n${text}\n) wk_described limit 0`,
          Array.from({ length: parameters }, () => null),
        )
      ).fields,
  }
}

/**
 * The plan of a text whatever its values: of a prepared statement, because values that come with EXPLAIN itself are worked
 * into the plan, and `id = null` reads no table. The name would outlive the transaction, and behind a pooler the client's
 * session: it is closed before, and a session on which that failed is dropped.
 */
async function planned(runtime: Runtime, context: Context, text: string, parameters: number): Promise<unknown> {
  const channel = new Channel({ runtime, context, modes: ["read only"], connections: runtime.aside })
  const name = `wk_plan_${randomBytes(9).toString("hex")}`
  const values = parameters === 0 ? "" : `(${Array.from({ length: parameters }, () => "null").join(", ")})`
  try {
    // Partitions that these values do not reach are read with others.
    const generic =
      "set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_partition_pruning', 'off', true)"
    const settled = channel.control(`select ${generic}`)
    const made = channel.control(`prepare ${name} as ${text}`)
    const explain = new Unit(new Statement(`explain (verbose, format json) execute ${name}${values}`, ""), [])
    const planned = channel.send<Planned>(explain)
    const closed = channel.control(`deallocate ${name}`)
    const [, , { rows }] = await Promise.all([settled, made, planned, closed])
    return rows[0]?.["QUERY PLAN"]
  } catch (error) {
    channel.abort(new WardkeepError("WK109", { message: "a statement could not be planned" }))
    throw error
  } finally {
    await channel.rollback()
  }
}

/** A statement whose rows an observer follows. */
export async function runWatched<R>(
  runtime: Runtime,
  observed: Observed,
  values: readonly unknown[],
  watch: Watch,
): Promise<Result<R>> {
  const run = isHeldBack(observed.text, watch) ? runHeldBack : runSeen
  return await run<R>(runtime, observed, values, watch)
}

/** A reading statement: it records what it shows itself, or the view is recorded before its rows are handed over. */
async function runSeen<R>(
  runtime: Runtime,
  observed: Observed,
  values: readonly unknown[],
  watch: Watch,
): Promise<Result<R>> {
  const ask = askIn(runtime, observed.context)
  const { reading } = observed
  const send = (left = reading): Promise<Result<R>> => {
    const learned = { ...observed, reading: left }
    // What was learned may be that it shows something after all.
    return isHeldBack(observed.text, watch)
      ? runHeldBack<R>(runtime, learned, values, watch)
      : runLearned<R>(runtime, learned, values, watch, ask)
  }
  const learning = watch.learn?.(ask)
  return learning === undefined ? await send() : await after(reading, learning, send)
}

async function runLearned<R>(
  runtime: Runtime,
  { context, text, reading }: Observed,
  values: readonly unknown[],
  watch: Watch,
  ask: Ask,
): Promise<Result<R>> {
  const attempt = async (read: Text, following: Watch, more = 0): Promise<Result<R>> =>
    await released(following, await runtime.alone<R>(context, read, values, reading, { watch: following, more }), ask)
  const recording = watch.selfRecording()
  const sent = recording === undefined ? watch.widened?.() : { text: recording, more: 0 }
  if (sent === undefined) return await attempt(text, watch)
  try {
    return await attempt(runtime.statements.read(sent.text), watch, sent.more)
  } catch (error) {
    // All of it was undone. What is wrong with the caller's text is said about the caller's text.
    if (!(error instanceof pg.DatabaseError) || /^(?:57|53|40|08)/.test(error.code ?? "")) throw error
    watch.unsuited?.(error)
    return await attempt(text, watch.again())
  }
}

/** A statement that writes and shows rows, in a transaction of its own that commits once the view is recorded. */
async function runHeldBack<R>(
  runtime: Runtime,
  observed: Observed,
  values: readonly unknown[],
  watch: Watch,
): Promise<Result<R>> {
  const deadline = Deadline.of(observed.reading)
  try {
    const first = channelFor(runtime, observed, deadline)
    try {
      return await inChannel<R>(observed, values, watch, first)
    } catch (error) {
      if (deadline?.error !== undefined || !(await mayGoBetter(runtime, first.failedIn))) throw error
      watch.restart()
      return await inChannel<R>(observed, values, watch, channelFor(runtime, observed, deadline))
    }
  } finally {
    deadline?.clear()
  }
}

/** As for a unit that is a transaction of its own: the server has rolled back, and another session or prologue may do. */
async function mayGoBetter({ terms }: Runtime, failed: Failed | undefined): Promise<boolean> {
  if (failed === undefined) return false
  const { error, progress, sentAt } = failed
  if (worthAnotherTry(error, progress)) return true
  return otherStrategy(error, progress) && (await terms.changedSince(sentAt).catch(() => false))
}

function channelFor(runtime: Runtime, { context }: Observed, deadline: Deadline | undefined): Channel {
  const channel = new Channel({ runtime, context })
  deadline?.onExpire((error) => channel.abort(error))
  return channel
}

async function inChannel<R>(
  { text, reading }: Observed,
  values: readonly unknown[],
  watch: Watch,
  channel: Channel,
): Promise<Result<R>> {
  try {
    const sent = await channel.watched<R>(text, values, reading, watch)
    const result = await channel.released(text, watch, sent)
    await channel.commit()
    return result
  } finally {
    await channel.rollback()
  }
}
