import { createHash } from "node:crypto"
import type { Asked, Reply } from "./front.ts"
import { type Hole, missing, patientColumns, signedOut } from "./hole.ts"

const patientsOf = ({ sql }: Asked, branch: string | null | undefined, limit = 8) =>
  sql(`select ${patientColumns} from patient where branch_id::text = $1 order by created_at desc limit ${limit}`, [
    branch ?? "",
  ])
const everybody = ({ sql }: Asked, limit = 200) =>
  sql(`select ${patientColumns} from patient order by phone limit ${limit}`)
const header = (asked: Asked, name: string): string => String(asked.headers[name] ?? "")
const cookie = (asked: Asked, name: string): string =>
  new RegExp(`(?:^|; )${name}=([^;]+)`).exec(asked.headers.cookie ?? "")?.[1] ?? ""

/** A list of the branch that `choose` says. */
const listBy =
  (choose: (asked: Asked) => string) =>
  async (asked: Asked): Promise<Reply> =>
    asked.branch === "" ? signedOut : { json: { patients: await patientsOf(asked, choose(asked) || asked.branch) } }

const cache = new Map<string, Reply>()
const files = (asked: Asked, branch: string) =>
  asked.sql("select id, file_name from attachment where branch_id::text = $1 order by id limit 3", [branch])
const picture = (id: string): Buffer =>
  Buffer.concat([Buffer.from([0, 1, 2, 3]), createHash("sha512").update(id).digest(), Buffer.alloc(64)])
const image = { "content-type": "image/jpeg" }

/** Lists, files and streams that take the tenant from the wrong place, or from nowhere. */
export const holesInLists: readonly Hole[] = [
  {
    name: "a filter that chooses the branch",
    routes: [{ on: "GET /visits", handle: listBy(({ url }) => url.searchParams.get("clinic") ?? "") }],
    visits: ({ branch }) => [{ path: `/visits?clinic=${branch.id}` }],
    found: ["WKC202 GET /visits"],
  },
  {
    name: "a filter that nobody uses",
    routes: [{ on: "GET /roster", handle: listBy(({ url }) => url.searchParams.get("branch_id") ?? "") }],
    visits: () => [{ path: "/roster" }],
    found: ["WKC202 GET /roster"],
  },
  {
    name: "a header that chooses the branch",
    routes: [{ on: "GET /board", handle: listBy((asked) => header(asked, "x-branch-id")) }],
    visits: () => [{ path: "/board" }],
    found: ["WKC204 GET /board"],
  },
  {
    name: "a cookie that chooses the branch",
    routes: [{ on: "GET /corner", handle: listBy((asked) => cookie(asked, "branch")) }],
    visits: () => [{ path: "/corner" }],
    found: ["WKC204 GET /corner"],
  },
  {
    name: "a search through everybody",
    routes: [
      {
        on: "GET /find",
        handle: async (asked) =>
          asked.branch === ""
            ? signedOut
            : {
                json: {
                  hits: await asked.sql(
                    `select ${patientColumns} from patient where full_name ilike $1 order by phone limit 300`,
                    [`%${asked.url.searchParams.get("q")}%`],
                  ),
                },
              },
      },
    ],
    visits: () => [{ path: "/find?q=a" }],
    found: ["WKC205 GET /find"],
  },
  {
    name: "an export of everybody",
    routes: [
      {
        on: "GET /exports/patients.csv",
        async handle(asked) {
          if (asked.branch === "") return signedOut
          const rows = (await everybody(asked, 500)).map((row) => Object.values(row).join(";"))
          return {
            text: `id;chart_no;full_name;phone;dob;address\n${rows.join("\n")}`,
            headers: { "content-type": "text/csv" },
          }
        },
      },
    ],
    visits: () => [{ path: "/exports/patients.csv" }],
    found: ["WKC207 GET /exports/patients.csv"],
  },
  {
    name: "what is nested in a list of one's own",
    routes: [
      {
        on: "GET /agenda",
        async handle(asked) {
          if (asked.branch === "") return signedOut
          const patients = await patientsOf(asked, asked.branch)
          const waiting =
            asked.url.searchParams.get("include") === "waitlist" ? { waitlist: await everybody(asked, 400) } : {}
          return { json: { agenda: { patients, ...waiting } } }
        },
      },
    ],
    visits: () => [{ path: "/agenda?include=waitlist" }],
    found: ["WKC205 GET /agenda"],
  },
  {
    name: "a cache that forgets who asked",
    routes: [
      {
        on: "GET /dashboard",
        async handle(asked) {
          if (asked.branch === "") return signedOut
          const known = cache.get(asked.url.href) ?? { json: { newest: await patientsOf(asked, asked.branch) } }
          cache.set(asked.url.href, known)
          return known
        },
      },
    ],
    visits: () => [{ path: "/dashboard" }],
    found: ["WKC209 GET /dashboard"],
  },
  {
    name: "files without a check",
    routes: [
      {
        on: "GET /scans",
        handle: async (asked) =>
          asked.branch === ""
            ? signedOut
            : {
                json: { scans: (await files(asked, asked.branch)).map(({ id }) => ({ id, url: `/scans/${id}.jpg` })) },
              },
      },
      {
        on: "GET /scans/:id.jpg",
        handle: async ({ branch, params }) =>
          branch === "" ? signedOut : { bytes: picture(params.id ?? ""), headers: image },
      },
    ],
    visits: () => [{ path: "/scans" }],
    found: ["WKC208 GET /scans/{id}.jpg"],
  },
  {
    name: "a signature that anybody can compute",
    routes: [
      {
        on: "GET /letters",
        async handle(asked) {
          if (asked.branch === "") return signedOut
          const letters = (await files(asked, asked.branch)).map(({ id }) => ({
            id,
            url: `/letters/${id}?sig=${guessable(String(id))}`,
          }))
          return { json: { letters } }
        },
      },
      {
        on: "GET /letters/:id",
        handle: async ({ params, url }) =>
          url.searchParams.get("sig") === guessable(params.id ?? "")
            ? { bytes: picture(params.id ?? ""), headers: image }
            : missing,
      },
    ],
    visits: () => [{ path: "/letters" }],
    found: ["WKC208 GET /letters/{id}"],
  },
  {
    name: "events of everybody",
    routes: [
      {
        on: "GET /events",
        async handle(asked) {
          if (asked.branch === "") return signedOut
          asked.response.writeHead(200, { "content-type": "text/event-stream" })
          for (const row of await everybody(asked, 400))
            asked.response.write(`data: ${JSON.stringify({ arrived: row })}\n\n`)
          const end = setTimeout(() => asked.response.end(), 3_000)
          asked.response.once("close", () => clearTimeout(end))
          return {}
        },
      },
    ],
    visits: () => [{ path: "/events" }],
    found: ["WKC210 GET /events"],
  },
]

const guessable = (id: string): string => createHash("md5").update(id).digest("hex")
