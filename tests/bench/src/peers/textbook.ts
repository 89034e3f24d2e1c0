import type { Login } from "../data/prepare.ts"
import { type Peer, patientColumns, single, startPg } from "./peer.ts"

/** What the manuals show: four awaited statements, each a round trip. */
export async function textbook(url: (login: Login) => string, login: Login): Promise<Peer> {
  const client = await startPg(url(login))
  return {
    name: "pg, awaited BEGIN, set_config, query, COMMIT",
    point: async ({ clinic, id }) => {
      await client.query("begin")
      await client.query({ name: "set", text: "select set_config('bench.clinic', $1, true)", values: [clinic] })
      const { rows } = await client.query({
        name: "point",
        text: `select ${patientColumns} from plain.patient where id = $1`,
        values: [id],
      })
      await client.query("commit")
      single(rows, clinic)
    },
    close: () => client.end(),
  }
}
