import { createHmac, randomBytes } from "node:crypto"
import type { Asked, Reply } from "./front.ts"
import { type Hole, missing, onlyRow, patientColumns, signedOut } from "./hole.ts"

const secret = randomBytes(16)
const signed = (text: string): string => createHmac("sha256", secret).update(text).digest("hex")
const patients = (asked: Asked, branch = asked.branch) =>
  asked.sql(`select ${patientColumns} from patient where branch_id::text = $1 order by phone limit 20`, [branch])
const picture = (id: string): Reply => ({
  bytes: Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.from(id.repeat(20))]),
  headers: { "content-type": "image/jpeg" },
})
const seconds = (): number => Math.floor(Date.now() / 1000)
const csv = (rows: readonly object[]): Reply => ({
  text: `id,chart_no,full_name,phone,dob,address\n${rows.map((row) => Object.values(row).join(",")).join("\n")}`,
  headers: { "content-type": "text/csv" },
})

/** A list of addresses that are valid for twenty seconds; what the signature is of is the difference. */
const papers = (name: string, sign: (id: string, expires: string) => string): Hole["routes"] => [
  {
    on: `GET /${name}`,
    async handle(asked) {
      if (asked.branch === "") return signedOut
      const expires = String(seconds() + 20)
      const all = (await patients(asked)).slice(0, 2).map(({ id }) => String(id))
      const urls = all.map((id) => ({ id, url: `/${name}/${id}?expires=${expires}&sig=${sign(id, expires)}` }))
      return { json: { papers: urls } }
    },
  },
  {
    on: `GET /${name}/:id`,
    async handle({ params, url }) {
      const [id, expires] = [params.id ?? "", url.searchParams.get("expires") ?? ""]
      const isGood = Number(expires) > seconds() && url.searchParams.get("sig") === sign(id, expires)
      return isGood ? picture(id) : missing
    },
  },
]

/** An export is ordered, and its file fetched when it is done; `mayFetch` says who may. */
const exportJob = (name: string, mayFetch: (asked: Asked) => boolean): Hole["routes"] => [
  {
    on: `POST /${name}`,
    handle: async ({ branch }) => (branch === "" ? signedOut : { status: 202, json: { id: branch } }),
  },
  {
    on: `GET /${name}/:id`,
    handle: async (asked) =>
      asked.branch === "" ? signedOut : mayFetch(asked) ? { json: { status: "done", rows: 20 } } : missing,
  },
  {
    on: `GET /${name}/:id/patients.csv`,
    async handle(asked) {
      if (asked.branch === "") return signedOut
      const rows = mayFetch(asked) ? await patients(asked, asked.params.id) : []
      return rows.length === 0 ? missing : csv(rows)
    },
  },
]
const jobVisits =
  (name: string): Hole["visits"] =>
  ({ branch }) => [
    { method: "POST", path: `/${name}`, body: { kind: "patients" } },
    { path: `/${name}/${branch.id}` },
    { path: `/${name}/${branch.id}/patients.csv` },
  ]

/** One address with each branch's own answer and tag; `knows` says which tags it takes for unchanged. */
const board = (name: string, knows: (tag: string, own: string) => boolean): Hole["routes"] => [
  {
    on: `GET /${name}`,
    async handle(asked) {
      if (asked.branch === "") return signedOut
      const own = `"${signed(`board ${asked.branch}`).slice(0, 16)}"`
      tags.add(own)
      const tag = asked.headers["if-none-match"]
      if (tag !== undefined && knows(tag, own)) return { status: 304 }
      const newest = await patients(asked)
      return { json: { newest }, headers: { etag: own, "cache-control": "private, no-cache" } }
    },
  },
]
const tags = new Set<string>()

/** What expires, what is fetched later, and what a cache remembers. */
export const holesInTime: readonly Hole[] = [
  {
    name: "a signature that does not cover the time",
    routes: papers("xrays", (id) => signed(id)),
    visits: () => [{ path: "/xrays" }],
    found: ["WKC208 GET /xrays/{id}"],
  },
  {
    name: "an export whose file anybody may fetch",
    routes: exportJob("exports", () => true),
    visits: jobVisits("exports"),
    found: ["WKC207 GET /exports/{id}/patients.csv", "WKC207 GET /exports/{id}"],
  },
  {
    name: "a cache that knows everybody's tags at one address",
    routes: board("noticeboard", (tag) => tags.has(tag)),
    visits: () => [{ path: "/noticeboard" }],
    found: ["WKC209 GET /noticeboard"],
  },
  {
    name: "a date that is answered before the check",
    routes: [
      {
        on: "GET /brochures/:id",
        async handle(asked) {
          const any = onlyRow(await asked.sql("select 1 from patient where id::text = $1", [asked.params.id]))
          if (any !== undefined && asked.headers["if-modified-since"] !== undefined) return { status: 304 }
          const own = onlyRow(
            await asked.sql(`select ${patientColumns} from patient where id::text = $1 and branch_id::text = $2`, [
              asked.params.id,
              asked.branch,
            ]),
          )
          return own === undefined
            ? missing
            : { json: own, headers: { "last-modified": "Mon, 02 Nov 2026 08:00:00 GMT" } }
        },
      },
    ],
    visits: ({ patient }) => [{ path: `/brochures/${patient.id}` }],
    found: ["WKC209 GET /brochures/{id}"],
  },
]

/** The same where it is done well. */
export const honestInTime: readonly Hole[] = [
  {
    name: "a signature that covers the time",
    routes: papers("plates", (id, expires) => signed(`${id} ${expires}`)),
    visits: () => [{ path: "/plates" }],
    found: [],
  },
  {
    name: "an export whose file is its branch's",
    routes: exportJob("reports", ({ branch, params }) => params.id === branch),
    visits: jobVisits("reports"),
    found: [],
  },
  {
    name: "a cache that knows each one's own tag",
    routes: board("shelf", (tag, own) => tag === own),
    visits: () => [{ path: "/shelf" }],
    found: [],
  },
]
