import { createHmac, randomBytes } from "node:crypto"
import type { Asked } from "./front.ts"
import { type Hole, missing, patientColumns, signedOut } from "./hole.ts"

const secret = randomBytes(16)
const sign = (id: string): string => createHmac("sha256", secret).update(id).digest("hex")
const own = ({ sql, branch }: Asked, where = "true", values: readonly unknown[] = []) =>
  sql(`select ${patientColumns} from patient where branch_id::text = $1 and ${where} order by phone limit 20`, [
    branch,
    ...values,
  ])

/** Routes that look like holes and are none: shared lists, public pages, addresses meant to be passed on. */
export const honest: readonly Hole[] = [
  {
    name: "a list of drugs that everybody shares",
    routes: [
      {
        on: "GET /drugs",
        handle: async ({ sql }) => ({ json: { drugs: await sql("select * from drug order by id") } }),
      },
      {
        on: "GET /drugs/:id",
        async handle({ sql, params, branch }) {
          if (branch === "") return signedOut
          const [row] = await sql("select * from drug where id::text = $1", [params.id])
          return row === undefined ? missing : { json: row }
        },
      },
    ],
    visits: ({ branch }) => [{ path: "/drugs" }, { path: `/drugs/${(branch.id.charCodeAt(0) % 5) + 1}` }],
    found: [],
  },
  {
    name: "a directory of branches",
    routes: [
      {
        on: "GET /directory",
        handle: async ({ sql, branch }) =>
          branch === "" ? signedOut : { json: { branches: await sql("select id, name from branch order by name") } },
      },
      {
        on: "GET /branches/:id/settings",
        handle: async ({ branch, params }) =>
          params.id === branch ? { json: { branch_id: branch, colour: "green", opens: "09:00" } } : missing,
      },
    ],
    visits: ({ branch }) => [{ path: "/directory" }, { path: `/branches/${branch.id}/settings` }],
    found: [],
  },
  {
    name: "a filter and a header that are checked or ignored",
    routes: [
      {
        on: "GET /queue",
        handle: async (asked) => (asked.branch === "" ? signedOut : { json: { patients: await own(asked) } }),
      },
      {
        on: "GET /tidy.csv",
        async handle(asked) {
          if (asked.branch === "") return signedOut
          const rows = (await own(asked)).map((row) => Object.values(row).join(","))
          return {
            text: `id,chart_no,full_name,phone,dob,address\n${rows.join("\n")}`,
            headers: { "content-type": "text/csv" },
          }
        },
      },
      {
        on: "GET /tidy/:id",
        async handle(asked) {
          const [row] = await own(asked, "id::text = $2", [asked.params.id])
          return row === undefined
            ? missing
            : { json: row, headers: { etag: `"${sign(String(row.id)).slice(0, 20)}"` } }
        },
      },
    ],
    visits: ({ branch, patient }) => [
      { path: "/queue" },
      { path: `/queue?branch=${branch.id}` },
      { path: "/tidy.csv" },
      { path: `/tidy/${patient.id}` },
    ],
    found: [],
  },
  {
    name: "addresses signed with a secret",
    routes: [
      {
        on: "GET /vault",
        async handle(asked) {
          if (asked.branch === "") return signedOut
          return {
            json: { papers: (await own(asked)).map(({ id }) => ({ id, url: `/vault/${id}?sig=${sign(String(id))}` })) },
          }
        },
      },
      {
        on: "GET /vault/:id",
        async handle({ sql, params, url }) {
          if (url.searchParams.get("sig") !== sign(params.id ?? "")) return missing
          return { json: (await sql(`select ${patientColumns} from patient where id::text = $1`, [params.id]))[0] }
        },
      },
    ],
    visits: () => [{ path: "/vault" }],
    found: [],
  },
  {
    name: "a request id, a moment and a random token in each answer",
    routes: [
      {
        on: "GET /pulse",
        handle: async () => ({
          json: { trace: randomBytes(12).toString("hex"), at: new Date().toISOString(), build: "build-7f3a9c41d2" },
        }),
      },
    ],
    visits: () => [{ path: "/pulse" }],
    found: [],
  },
]
