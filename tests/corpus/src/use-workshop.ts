import { afterAll, beforeAll } from "vitest"
import { type OwnCluster, startCluster } from "../../harness/src/cluster.ts"
import { Workshop } from "./installed.ts"
import { serverSettings } from "./server-settings.ts"

export interface Used {
  readonly cluster: OwnCluster
  readonly workshop: Workshop
}

/** A server of this file's own: the systems bring roles with names of their own, and roles belong to the whole server. */
export function useWorkshop(): Used {
  let cluster: OwnCluster
  let workshop: Workshop
  beforeAll(async () => {
    cluster = await startCluster({ settings: serverSettings })
    workshop = await Workshop.open(cluster)
  })
  afterAll(async () => {
    await workshop.close()
    await cluster.stop()
  })
  return {
    get cluster() {
      return cluster
    },
    get workshop() {
      return workshop
    },
  }
}
