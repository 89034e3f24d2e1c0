import type { TestProject } from "vitest/node"
import { startCluster } from "./cluster.ts"
import type { ClusterData } from "./source.ts"

declare module "vitest" {
  export interface ProvidedContext {
    wardkeepCluster: ClusterData
  }
}

/** One private cluster per run. Test files reach it through `useDatabase` or `useCluster`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const began = Date.now()
  const { leg, source, admin, serverVersionNum, prefix, stop } = await startCluster()
  project.provide("wardkeepCluster", { leg, source, admin, serverVersionNum, prefix })
  const version = `${Math.trunc(serverVersionNum / 10_000)}.${serverVersionNum % 10_000}`
  process.stdout.write(`leg ${leg}: PostgreSQL ${version} (${source}), ready in ${Date.now() - began} ms\n`)
  return stop
}
