import { triedOnPlainServers, unknownEverywhere } from "./plain-server.js"
import type { ManagedService } from "./service.js"

export const supabase: ManagedService = {
  id: "supabase",
  name: "Supabase",
  marker: "supabase_admin",
  verified: triedOnPlainServers,
  assumed: [
    {
      text: "PostgREST enters with roles and claims of its own. Wardkeep's tables are granted to none of those roles, so the REST interface shows nothing of them.",
      grade: "remembered",
    },
    {
      text: "A role inside a JSON web token stays valid until the token expires. Wardkeep's sessions end with the next statement instead.",
      grade: "read",
      source: "point-source/supabase-tenant-rbac issue 19",
    },
  ],
  unknown: [
    ...unknownEverywhere,
    "Which attributes the login `postgres` has here. `wardkeep doctor` prints them; if it has BYPASSRLS, its connection string defeats every policy and belongs in no application.",
    "Whether Supavisor in transaction mode resets connections between two transactions.",
  ],
}
