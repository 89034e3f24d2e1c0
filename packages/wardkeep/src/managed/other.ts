import { triedOnPlainServers, unknownEverywhere, withoutSuperuser } from "./plain-server.js"
import type { ManagedService } from "./service.js"

export const other: ManagedService = {
  id: "other-managed",
  name: "Crunchy Bridge and other managed services",
  verified: triedOnPlainServers,
  assumed: withoutSuperuser,
  unknown: [
    "How to recognise the service: `wardkeep doctor --service other-managed` prints this page.",
    ...unknownEverywhere,
    "Whether the service's own pooler works in transaction mode, and can be told to reset connections always.",
  ],
}
