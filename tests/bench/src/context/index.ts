import { openClient } from "../client.ts"
import type { Measured } from "../data/prepare.ts"
import type { Placement } from "../machine.ts"
import { startPg } from "../peers/peer.ts"
import type { BenchResult } from "../rounds.ts"
import { concurrent, concurrentOverNetwork } from "./concurrent.ts"
import { hidden } from "./hidden.ts"
import { join } from "./join.ts"
import { list } from "./list.ts"
import { point, pointOverNetwork } from "./point.ts"
import { roles } from "./roles.ts"
import { scan } from "./scan.ts"
import { search } from "./search.ts"
import { type Stage, samplePatients } from "./stage.ts"

/** What the context costs, by name. */
export const contextBenches: Readonly<Record<string, (stage: Stage) => Promise<BenchResult[]>>> = {
  point,
  roles,
  "point-1ms": pointOverNetwork,
  list,
  join,
  search,
  scan,
  hidden,
  concurrent,
  "concurrent-1ms": concurrentOverNetwork,
}

export async function runContext(
  measured: Measured,
  placement: Placement,
  options: {
    readonly quick: boolean
    readonly benches: readonly string[]
    readonly report: (text: string) => void
  },
): Promise<BenchResult[]> {
  const unknown = options.benches.filter((name) => !(name in contextBenches))
  if (unknown.length > 0)
    throw new Error(`no bench ${unknown.join(", ")}; there are ${Object.keys(contextBenches).join(", ")}`)
  const raw = await startPg(measured.url(measured.raw))
  const patients = await samplePatients(raw, measured, options.quick ? 1_000 : 10_000).finally(() => raw.end())
  const stage: Stage = {
    measured,
    placement,
    quick: options.quick,
    patients,
    report: options.report,
    openClient: (url, clientOptions) => openClient(measured.policy, url, clientOptions),
  }
  const results: BenchResult[] = []
  for (const [name, bench] of Object.entries(contextBenches)) {
    if (options.benches.length === 0 || options.benches.includes(name)) results.push(...(await bench(stage)))
  }
  return results
}
