import { createHash } from "node:crypto"
import type { Asked } from "./front.ts"
import { type Hole, missing, patientColumns, signedOut } from "./hole.ts"

const anyPatient = async ({ sql }: Asked, id: string | null | undefined) =>
  (await sql(`select ${patientColumns} from patient where id::text = $1`, [id ?? ""]))[0]
const ownPatient = async ({ sql, branch }: Asked, id: string | null | undefined) =>
  (
    await sql(`select ${patientColumns} from patient where id::text = $1 and branch_id::text = $2`, [id ?? "", branch])
  )[0]
const tagOf = (row: object): string =>
  `"${createHash("sha256").update(JSON.stringify(row)).digest("hex").slice(0, 20)}"`

/** Routes that look a row up by its id and forget whose it is. */
export const holesById: readonly Hole[] = [
  {
    name: "an id in the path without a tenant",
    routes: [
      {
        on: "GET /cards/:id",
        handle: async (asked) =>
          asked.branch === ""
            ? signedOut
            : {
                ...((await anyPatient(asked, asked.params.id))
                  ? { json: await anyPatient(asked, asked.params.id) }
                  : missing),
              },
      },
    ],
    visits: ({ patient }) => [{ path: `/cards/${patient.id}` }],
    found: ["WKC201 GET /cards/{id}"],
  },
  {
    name: "an id in the query without a tenant",
    routes: [
      {
        on: "GET /card",
        async handle(asked) {
          if (asked.branch === "") return signedOut
          const row = await anyPatient(asked, asked.url.searchParams.get("patient_id"))
          return row === undefined ? missing : { json: row }
        },
      },
    ],
    visits: ({ patient }) => [{ path: `/card?patient_id=${patient.id}` }],
    found: ["WKC202 GET /card"],
  },
  {
    name: "an id in the body without a tenant",
    routes: [
      {
        on: "POST /cards/find",
        async handle(asked) {
          if (asked.branch === "") return signedOut
          const row = await anyPatient(asked, (JSON.parse(asked.body) as { patient_id?: string }).patient_id)
          return row === undefined ? missing : { json: row }
        },
      },
    ],
    visits: ({ patient }) => [{ method: "POST", path: "/cards/find", body: { patient_id: patient.id } }],
    found: ["WKC203 POST /cards/find"],
  },
  {
    name: "several ids of which only the first is checked",
    routes: [
      {
        on: "GET /several",
        async handle(asked) {
          const ids = (asked.url.searchParams.get("ids") ?? "").split(",")
          if ((await ownPatient(asked, ids[0])) === undefined) return missing
          return { json: { patients: await Promise.all(ids.map((id) => anyPatient(asked, id))) } }
        },
      },
    ],
    visits: ({ patient }) => [{ path: `/several?ids=${patient.id},${patient.id}` }],
    found: ["WKC206 GET /several"],
  },
  {
    name: "a batch of which only the first part is checked",
    routes: [
      {
        on: "POST /batch",
        async handle(asked) {
          if (asked.branch === "") return signedOut
          const parts = JSON.parse(asked.body) as { query: string; variables: { id: string } }[]
          return { json: { data: await Promise.all(parts.map((part) => anyPatient(asked, part.variables.id))) } }
        },
      },
    ],
    visits: ({ patient }) => [
      {
        method: "POST",
        path: "/batch",
        body: [{ query: "query($id: ID!) { card(id: $id) }", variables: { id: patient.id } }],
      },
    ],
    found: ["WKC203 POST /batch"],
  },
  {
    name: "an error message that quotes the row",
    routes: [
      {
        on: "GET /cards/:id/summary",
        async handle(asked) {
          if (asked.branch === "") return signedOut
          const row = await anyPatient(asked, asked.params.id)
          if (row === undefined) return missing
          if ((await ownPatient(asked, asked.params.id)) !== undefined) return { json: row }
          return {
            status: 403,
            json: { code: "forbidden", message: `${row.full_name}, ${row.phone}, is not your patient.` },
          }
        },
      },
    ],
    visits: ({ patient }) => [{ path: `/cards/${patient.id}/summary` }],
    found: ["WKC214 GET /cards/{id}/summary"],
  },
  {
    name: "HEAD without the check that GET has",
    routes: [
      {
        on: "GET /sheets/:id",
        async handle(asked) {
          const row = await ownPatient(asked, asked.params.id)
          return row === undefined ? missing : { json: row }
        },
      },
      {
        on: "HEAD /sheets/:id",
        async handle(asked) {
          const row = await anyPatient(asked, asked.params.id)
          return row === undefined ? missing : { json: row }
        },
      },
    ],
    visits: ({ patient }) => [{ path: `/sheets/${patient.id}` }],
    found: ["WKC212 HEAD /sheets/{id}", "WKC212 GET /sheets/{id}"],
  },
  {
    name: "a redirect that carries the row",
    routes: [
      {
        on: "GET /go/:id",
        async handle(asked) {
          const row = await anyPatient(asked, asked.params.id)
          if (row === undefined || asked.branch === "") return missing
          const query = new URLSearchParams({ name: String(row.full_name), phone: String(row.phone) })
          return { status: 302, headers: { location: `/welcome?${query}` } }
        },
      },
    ],
    visits: ({ patient }) => [{ path: `/go/${patient.id}` }],
    found: ["WKC215 GET /go/{id}"],
  },
  {
    name: "forbidden for what exists, not found for what does not",
    routes: [
      {
        on: "GET /locks/:id",
        async handle(asked) {
          const own = await ownPatient(asked, asked.params.id)
          if (own !== undefined) return { json: own }
          if ((await anyPatient(asked, asked.params.id)) === undefined) return missing
          return { status: 403, json: { code: "forbidden", message: "That is not yours." } }
        },
      },
    ],
    visits: ({ patient }) => [{ path: `/locks/${patient.id}` }],
    found: ["WKC212 GET /locks/{id}"],
  },
  {
    name: "a count of anybody's rows",
    routes: [
      {
        on: "GET /branches/:id/count",
        async handle(asked) {
          if (asked.branch === "") return signedOut
          return {
            json: onlyCount(
              await asked.sql("select count(*)::int as patients from patient where branch_id::text = $1", [
                asked.params.id,
              ]),
            ),
          }
        },
      },
    ],
    visits: ({ branch }) => [{ path: `/branches/${branch.id}/count` }],
    found: ["WKC212 GET /branches/{id}/count"],
  },
  {
    name: "another method behind the check",
    routes: [
      {
        on: "GET /papers/:id",
        async handle(asked) {
          const row = await ownPatient(asked, asked.params.id)
          return row === undefined ? missing : { json: row }
        },
      },
      {
        on: "POST /papers/:id",
        async handle(asked) {
          if (asked.headers["x-http-method-override"] !== "GET") return { status: 405, json: { code: "no_method" } }
          const row = await anyPatient(asked, asked.params.id)
          return row === undefined ? missing : { json: row }
        },
      },
    ],
    visits: ({ patient }) => [{ path: `/papers/${patient.id}` }],
    found: ["WKC216 POST /papers/{id}"],
  },
  {
    name: "a conditional request that is answered before the check",
    routes: [
      {
        on: "GET /leaflets/:id",
        async handle(asked) {
          const row = await anyPatient(asked, asked.params.id)
          if (row !== undefined && asked.headers["if-none-match"] === tagOf(row)) return { status: 304 }
          const own = await ownPatient(asked, asked.params.id)
          return own === undefined ? missing : { json: own, headers: { etag: tagOf(own) } }
        },
      },
    ],
    visits: ({ patient }) => [{ path: `/leaflets/${patient.id}` }],
    found: ["WKC209 GET /leaflets/{id}"],
  },
  {
    name: "a page for printing that asks nobody to sign in",
    routes: [
      {
        on: "GET /prints/:id",
        async handle(asked) {
          const row = await anyPatient(asked, asked.params.id)
          if (row === undefined) return missing
          const cells = Object.values(row).map((value) => `<td>${value}</td>`)
          return {
            text: `<html><table><tr>${cells.join("")}</tr></table></html>`,
            headers: { "content-type": "text/html" },
          }
        },
      },
    ],
    visits: ({ patient }) => [{ path: `/prints/${patient.id}` }],
    found: ["WKC213 GET /prints/{id}"],
  },
]

const onlyCount = (rows: readonly object[]): unknown => rows[0]
