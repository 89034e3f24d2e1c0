import { addedTo, median, ratioOf, rounded } from "./statistics.ts"

/** `floor` is what the others are divided by; `noise` is the floor a second time; `note` is measured and has no bar. */
export type Kind = "floor" | "ours" | "peer" | "noise" | "note"

export interface Variant {
  readonly name: string
  readonly kind: Kind
  /** One operation, its reply checked: a wrong or missing row throws. */
  readonly run: () => Promise<void>
  /** How much of a round's operations this variant does; a variant twenty times slower needs fewer. */
  readonly share?: number
}

export interface BenchOptions {
  readonly rounds: number
  /** Operations of a variant in one round. */
  readonly operations: number
  /** Requests under way at the same time. With more than one, the time of a whole round counts, not each latency. */
  readonly concurrency?: number
  /**
   * Passes of every variant before the first round. A new session maps each page of the server's cache when it first
   * meets it, which costs more than reading it; a pool's sessions have met them all.
   */
  readonly warmUp?: number
}

export interface BenchResult {
  readonly name: string
  readonly ours: Record<string, number>
  readonly peers: Record<string, number>
  /** Measured beside the bars: A/A noise and disclosures. */
  readonly notes: Record<string, number>
  readonly rounds: number
  readonly operations: number
  readonly iqr: Record<string, readonly [number, number]>
  /** Microseconds per operation, median over rounds. */
  readonly microseconds: Record<string, number>
  /** Microseconds above the floor, median over rounds of that round's difference. */
  readonly added: Record<string, number>
  readonly floor: string
  readonly measure: "latency" | "throughput"
  readonly placement: string
}

/** Every round visits every variant in a new random order, so that a slow moment of the machine hits all of them alike. */
export async function interleave(
  name: string,
  variants: readonly Variant[],
  options: BenchOptions & { readonly placement: string },
): Promise<BenchResult> {
  const floor = variants.find((variant) => variant.kind === "floor")
  if (floor === undefined) throw new Error(`${name} has no floor`)
  const times = new Map<Variant, number[]>(variants.map((variant) => [variant, []]))
  for (let time = 0; time < (options.warmUp ?? 1); time++) {
    for (const variant of variants) await pass(variant, options)
  }
  for (let round = 0; round < options.rounds; round++) {
    for (const variant of shuffled(variants)) times.get(variant)?.push(await pass(variant, options))
  }
  return summarise(name, variants, floor, times, options)
}

/** Microseconds per operation: the median latency of one caller, or the round's time divided by its operations. */
async function pass(variant: Variant, { operations, concurrency = 1 }: BenchOptions): Promise<number> {
  const count = Math.max(concurrency, Math.round(operations * (variant.share ?? 1)))
  if (concurrency > 1) {
    let left = count
    const began = process.hrtime.bigint()
    const caller = async (): Promise<void> => {
      while (left-- > 0) await variant.run()
    }
    await Promise.all(Array.from({ length: concurrency }, caller))
    return Number(process.hrtime.bigint() - began) / 1e3 / count
  }
  const latencies = new Array<number>(count)
  for (let i = 0; i < count; i++) {
    const began = process.hrtime.bigint()
    await variant.run()
    latencies[i] = Number(process.hrtime.bigint() - began) / 1e3
  }
  return median(latencies)
}

function summarise(
  name: string,
  variants: readonly Variant[],
  floor: Variant,
  times: ReadonlyMap<Variant, number[]>,
  options: BenchOptions & { readonly placement: string },
): BenchResult {
  const group = (kinds: readonly Kind[]): Record<string, number> =>
    Object.fromEntries(
      variants
        .filter((variant) => kinds.includes(variant.kind))
        .map((variant) => [variant.name, rounded(ratioOf(of(variant), of(floor)).ratio)]),
    )
  const of = (variant: Variant): number[] => times.get(variant) ?? []
  return {
    name,
    ours: group(["ours"]),
    peers: group(["peer"]),
    notes: group(["noise", "note"]),
    rounds: options.rounds,
    operations: options.operations,
    iqr: Object.fromEntries(
      variants.map((variant) => {
        const [low, high] = ratioOf(of(variant), of(floor)).iqr
        return [variant.name, [rounded(low), rounded(high)] as const]
      }),
    ),
    microseconds: Object.fromEntries(variants.map((variant) => [variant.name, rounded(median(of(variant)), 1)])),
    added: Object.fromEntries(variants.map((variant) => [variant.name, rounded(addedTo(of(variant), of(floor)), 1)])),
    floor: floor.name,
    measure: (options.concurrency ?? 1) > 1 ? "throughput" : "latency",
    placement: options.placement,
  }
}

export function shuffled<T>(values: readonly T[]): T[] {
  const result = [...values]
  for (let i = result.length - 1; i > 0; i--) {
    const other = Math.floor(Math.random() * (i + 1))
    ;[result[i], result[other]] = [result[other] as T, result[i] as T]
  }
  return result
}
