import { WardkeepError } from "@wardkeep/core"
import type { Session } from "../context/session.js"
import type { Issuer } from "../issue/issuer.js"
import type { SafeLogger } from "../log.js"

export interface JobOptions {
  readonly tenants: "all" | readonly string[]
  /** Tenants at a time. Default 1. */
  readonly concurrency?: number
  /** The result of a run that did not finish: tenants done there are skipped. */
  readonly resume?: { readonly done: readonly string[] }
  readonly signal?: AbortSignal
  /** For a service that has several. */
  readonly purpose?: string
  /** Of the service's session per tenant. Default one hour. */
  readonly ttl?: number | string
}

export interface JobContext {
  readonly tenant: string
}

/** JSON-safe but for the errors; pass it back as `resume`. */
export interface JobResult {
  readonly done: string[]
  readonly failed: { readonly tenant: string; readonly error: unknown }[]
  /** Done before, or not begun because the job was aborted. */
  readonly skipped: string[]
}

interface JobDependencies {
  readonly issuer: Issuer
  readonly log: SafeLogger
  readonly run: (session: Session, work: () => Promise<void>) => Promise<void>
}

/** Runs a service once per tenant; each tenant has a session of its own, ended when its turn is over. */
export async function runJob(
  service: string,
  options: JobOptions,
  { issuer, log, run }: JobDependencies,
  work: (context: JobContext) => Promise<void>,
): Promise<JobResult> {
  const { concurrency = 1, resume, signal, ttl } = options
  if (!Number.isSafeInteger(concurrency) || concurrency < 1)
    throw new WardkeepError("WK009", { message: "concurrency is a whole number from 1" })
  const tenants = options.tenants === "all" ? await issuer.listTenants() : [...new Set(options.tenants)]
  const before = new Set(resume?.done)
  const result: JobResult = { done: [], failed: [], skipped: tenants.filter((tenant) => before.has(tenant)) }
  const queue = tenants.filter((tenant) => !before.has(tenant))

  async function one(tenant: string): Promise<void> {
    const session = await issuer.issueService({
      service,
      tenant,
      label: `job ${service}`,
      ...(ttl !== undefined && { ttl }),
    })
    try {
      await run(session, async () => await work({ tenant }))
    } finally {
      // What is done is done, also when its session cannot be ended: it expires, and a resumed job must not do it twice.
      await issuer
        .endSession(session.id, "job finished")
        .catch((error: unknown) =>
          log.warn({ job: service, code: codeOf(error) }, "a job's session stays until it expires"),
        )
    }
  }
  async function worker(): Promise<void> {
    for (let tenant = queue.shift(); tenant !== undefined; tenant = queue.shift()) {
      if (signal?.aborted) {
        result.skipped.push(tenant)
        continue
      }
      try {
        await one(tenant)
        result.done.push(tenant)
      } catch (error) {
        if (error instanceof WardkeepError && error.code === "WK203") {
          queue.length = 0
          throw error
        }
        result.failed.push({ tenant, error })
        log.error({ job: service, code: codeOf(error) }, "a job failed for one tenant")
      }
    }
  }
  const workers = Array.from({ length: Math.min(concurrency, Math.max(1, queue.length)) }, worker)
  // Who asked for the job may close the client once it is over, so turns under way are waited for.
  const refused = (await Promise.allSettled(workers)).find((ended) => ended.status === "rejected")
  if (refused !== undefined) throw refused.reason
  result.done.unshift(...(resume?.done ?? []).filter((tenant) => !result.done.includes(tenant)))
  return result
}

function codeOf(error: unknown): string | undefined {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string"
    ? error.code
    : undefined
}
