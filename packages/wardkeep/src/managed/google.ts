import { triedOnPlainServers, unknownEverywhere, withoutSuperuser } from "./plain-server.js"
import type { ManagedService } from "./service.js"

export const google: ManagedService = {
  id: "google-cloud-sql",
  name: "Google Cloud SQL and AlloyDB",
  marker: "cloudsqlsuperuser",
  verified: triedOnPlainServers,
  assumed: [
    ...withoutSuperuser,
    {
      text: "A deployment role on Cloud SQL has neither SUPERUSER nor BYPASSRLS (rolsuper = f, rolbypassrls = f).",
      grade: "read",
      source: "mindset-ai/memex-ai issue 164",
    },
    { text: "AlloyDB treats row-level security as PostgreSQL does.", grade: "remembered" },
  ],
  unknown: [
    ...unknownEverywhere,
    "How AlloyDB's own connection pooling treats settings that are local to a transaction.",
  ],
}
