import { agreeToAggregate, contributeToAggregate } from "wardkeep"
import { asOwner, grantAsOwner } from "wardkeep/migrate"
import { connected } from "../database/connected.js"
import policy from "../policy.js"
import type { Stage } from "./stage.js"

const aggregate = "appointments"

/** Each clinic agrees, is counted by itself, and the vendor reads what is of all of them together. */
export async function figuresDay(stage: Stage, say: (line: string) => void): Promise<void> {
  const { wk, issuer, world, vendorUrl } = stage
  const reason = "speaks for the whole clinic"
  for (const { id: tenant, slug } of world.clinics) {
    const actor = `owner of ${slug}`
    await connected(stage.migratorUrl, (client) =>
      asOwner(client, policy, () =>
        grantAsOwner({ client, policy, tenant, actor, role: "owner", scope: "all", reason }),
      ),
    )
    const session = await issuer.issueSession({ actor, mfaAt: new Date(), ttl: 600 })
    await wk.run(session, () => agreeToAggregate(wk, aggregate))
  }
  const month = await lastFullMonth(stage)
  const { failed } = await wk.job("statistics", { tenants: "all" }, async () => {
    await contributeToAggregate(wk, { aggregate, month })
  })
  if (failed.length > 0) throw new Error("a clinic was not counted", { cause: failed[0]?.error })
  await issuer.releaseAggregate({ aggregate, month, by: "the vendor's operations" })
  const figures = await readFigures(vendorUrl)
  if (!figures.some(({ value }) => value !== null)) throw new Error("no figure was published")
  const shown = figures.map(({ cell, value }) => `${cell === "" ? "all" : cell} ${value ?? "suppressed"}`)
  say(`the vendor's login reads appointments of ${month.slice(0, 7)} over the clinics that agreed: ${shown.join(", ")}`)
}

/** The newest month that is over and has appointments: the demo's world ends on a fixed day. */
async function lastFullMonth({ superuser }: Stage): Promise<string> {
  const { rows } = await superuser.query<{ month: string }>(
    `select to_char(date_trunc('month', max(starts_at) at time zone 'UTC'), 'YYYY-MM-DD') as month from appointment
      where starts_at at time zone 'UTC' < date_trunc('month', now() at time zone 'UTC')`,
  )
  return rows[0]?.month ?? ""
}

interface Figure {
  readonly cell: string
  readonly value: string | null
}

async function readFigures(url: string): Promise<Figure[]> {
  return await connected(url, async (client) => (await client.query<Figure>("select * from wardkeep.figures()")).rows)
}
