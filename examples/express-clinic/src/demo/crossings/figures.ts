import { connected } from "../../database/connected.js"
import type { Attempt } from "../attempt.js"
import type { Stage } from "../stage.js"
import { refusing } from "./asking.js"

/** The vendor goes further than the figures that were published. */
export function asVendor({ vendorUrl, elsewhere }: Stage): Attempt[] {
  const make = (attempt: string, sql: string): Attempt => ({
    layer: "sql",
    attempt: `the vendor's login: ${attempt}`,
    home: [],
    given: elsewhere.given,
    run: () => refusing(() => asked(vendorUrl, sql)),
  })
  return [
    make("the appointments themselves", "select * from public.appointment"),
    make(
      "how many patients a branch has",
      `explain select from public.patient where branch_id = '${elsewhere.branch.id}'`,
    ),
    make("what one clinic contributed", "select * from wardkeep.aggregate_contribution"),
    make("a clinic counted at will", "select public.wk_count_appointments(date '2026-01-01')"),
    make("a second release of the month", "select wardkeep.release_aggregate('{}', 'dem1', '')"),
    make("a temporary table to work in", "create temporary table mine (v numeric)"),
    make("the application's login by SET ROLE", "set role wk_demo_app"),
  ]
}

async function asked(connectionString: string, sql: string): Promise<unknown[]> {
  return await connected(connectionString, async (client) => (await client.query(sql)).rows)
}
