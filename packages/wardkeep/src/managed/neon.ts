import { triedOnPlainServers, unknownEverywhere } from "./plain-server.js"
import type { ManagedService } from "./service.js"

export const neon: ManagedService = {
  id: "neon",
  name: "Neon",
  marker: "neon_superuser",
  verified: triedOnPlainServers,
  assumed: [
    {
      text: "The owner that the console hands out has BYPASSRLS, so its URL defeats every policy. Use it for `wardkeep migrate` only; the client refuses it with WK003.",
      grade: "read",
      source: "devops-daily issue 1723",
    },
    {
      text: "The extension pg_session_jwt is not used. Without a key it falls back to a claim that the client can forge.",
      grade: "read",
      source: "pg_session_jwt README",
    },
  ],
  unknown: [
    ...unknownEverywhere,
    "Whether a branch of a Neon project keeps the database's privileges. Run `wardkeep migrate` and `wardkeep doctor` in every branch.",
  ],
}
