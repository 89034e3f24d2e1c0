import type { Wardkeep } from "wardkeep"
import { z } from "zod"
import { type Route, route } from "../http/route.js"

const branchReport = z.object({
  branch_id: z.uuid(),
  branch: z.string(),
  patients: z.int(),
  appointments: z.int(),
  billed: z.string().describe("paise"),
  due: z.string().describe("paise"),
})

export function reportRoutes(wk: Wardkeep): Route[] {
  return [
    route({
      method: "get",
      path: "/reports/branches",
      does: ["read", "invoice"],
      summary: "Patients, appointments and money per branch of yours",
      reply: z.object({ branches: z.array(branchReport) }),
      async handle() {
        const { rows } = await wk.query(
          `select b.id as branch_id, b.name as branch,
                  (select count(*)::int from patient p where p.branch_id = b.id) as patients,
                  (select count(*)::int from appointment a where a.branch_id = b.id) as appointments,
                  (select coalesce(sum(amount), 0)::text from invoice i where i.branch_id = b.id) as billed,
                  (select coalesce(sum(amount), 0)::text from invoice i where i.branch_id = b.id and status = 'due') as due
             from branch b
            where b.id = any ((select wardkeep.branches())::uuid[])
            order by b.name`,
        )
        return { branches: rows }
      },
    }),
  ]
}
