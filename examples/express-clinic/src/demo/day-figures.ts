import { agreeToAggregate, contributeToAggregate, wardkeepErrorIn } from "wardkeep"
import { asOwner, grantAsOwner } from "wardkeep/migrate"
import { connected } from "../database/connected.js"
import policy from "../policy.js"
import type { Stage } from "./stage.js"

const aggregate = "appointments"
/** Of so many patients the busiest month always has enough persons and clinics to be published. */
const enough = 1000

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
  const month = await busiestMonth(stage)
  const { failed } = await wk.job("statistics", { tenants: "all" }, async () => {
    await contributeToAggregate(wk, { aggregate, month })
  })
  if (failed.length > 0) throw new Error("a clinic was not counted", { cause: failed[0]?.error })
  try {
    await issuer.releaseAggregate({ aggregate, month, by: "the vendor's operations" })
  } catch (error) {
    if (wardkeepErrorIn(error)?.code !== "WK252" || world.patients.length >= enough) throw error
    say(
      `figures of ${month.slice(0, 7)} over the clinics are not released (WK252): too few patients to hide one among them`,
    )
    return
  }
  const figures = await readFigures(vendorUrl)
  if (!figures.some(({ value }) => value !== null)) throw new Error("no figure was published")
  const shown = figures.map(({ cell, value }) => `${cell === "" ? "all" : cell} ${value ?? "suppressed"}`)
  say(`the vendor's login reads appointments of ${month.slice(0, 7)} over the clinics that agreed: ${shown.join(", ")}`)
}

/** Of the months that are over. The newest one need not be whole: the demo's world ends on a fixed day. */
async function busiestMonth({ superuser }: Stage): Promise<string> {
  const { rows } = await superuser.query<{ month: string }>(
    `select to_char(date_trunc('month', starts_at at time zone 'UTC'), 'YYYY-MM-DD') as month from appointment
      where starts_at at time zone 'UTC' < date_trunc('month', now() at time zone 'UTC')
      group by 1 order by count(*) filter (where status in ('done', 'cancelled')) desc, 1 limit 1`,
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
