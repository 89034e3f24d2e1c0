import pg from "pg"

/** A way that others use for the same row on the same copy of the table, under an unsigned policy. */
export interface Peer {
  readonly name: string
  readonly point: (patient: Patient) => Promise<void>
  readonly close: () => Promise<void>
}

export interface Patient {
  readonly clinic: string
  readonly branch: string
  readonly id: string
  readonly clinicNumber: number
  readonly branchNumber: number
}

export const patientColumns = "clinic_id, branch_id, id, full_name, phone, created_at"

export async function startPg(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on("error", () => undefined)
  await client.connect()
  return client
}

/** Every reply is checked, so that nobody is fast by answering nothing. */
export function single(rows: readonly unknown[], clinic: string): void {
  const [row] = rows as readonly { readonly clinic_id: string }[]
  if (rows.length !== 1 || row?.clinic_id !== clinic) throw new Error("the reply is not the row that was asked for")
}
