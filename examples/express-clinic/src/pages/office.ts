import { whoSaw } from "wardkeep/audit"
import { type AnswerPack, answerPack, type Certificate, destroyPerson } from "wardkeep/consent"
import { asOwner } from "wardkeep/migrate"
import { connected } from "../database/connected.js"
import policy from "../policy.js"

/** What only the owner of the data can do: gather all of a person, and destroy it. */
export interface RecordsOffice {
  pack(of: { tenant: string; request: string; subject: string }): Promise<AnswerPack>
  destroy(of: { tenant: string; request: string }): Promise<Certificate>
}

/** Every look; the log's default limit would leave out the older ones. */
const everything = 10_000_000

/**
 * With the migrator's login, one connection for each act. Whoever takes over the process that holds it has every patient of
 * every clinic: a product runs this apart from what the internet reaches.
 */
export function recordsOffice(connectionString: string): RecordsOffice {
  return {
    pack: ({ tenant, request, subject }) =>
      connected(connectionString, async (client) => {
        const reason = `answer to ${request}`
        const { rows } = await asOwner(client, policy, () =>
          whoSaw({ client, tenant, subject, reason, limit: everything }),
        )
        const seen = rows.map(({ at, actor, purpose }) => ({ at, actor, purpose }))
        return await answerPack({ client, policy, tenant, request, seen })
      }),
    destroy: ({ tenant, request }) =>
      connected(connectionString, async (client) => await destroyPerson({ client, policy, tenant, request })),
  }
}
