import { expect, it } from "vitest"
import { useClient } from "#tests/fixture/client.ts"
import { useDatabase } from "#tests/harness/src/use-database.ts"

const used = useClient(useDatabase())

async function saidOf(text: string): Promise<Error> {
  const said: unknown = await used.wk.run(used.doctor, () => used.wk.query(text)).catch((thrown: unknown) => thrown)
  if (!(said instanceof Error)) throw new Error(`went well: ${text}`)
  return said
}

it.each([
  "hiv_status::regoper::text",
  "(hiv_status || '(int,int)')::regoperator::text",
  "(hiv_status || '(int)')::regprocedure::text",
  "('a.b.c.' || quote_ident(full_name || hiv_status))::regclass::text",
  "currval('a.b.c.d.' || quote_ident(hiv_status))::text",
  "query_to_xml('select ' || quote_ident(hiv_status) || '(1)', true, true, '')::text",
  "query_to_xml('select 1 from pg_class where ' || quote_ident(hiv_status), true, true, '')::text",
])("no value of a row is in what PostgreSQL says of it: %s", async (expression) => {
  const error = await saidOf(`select ${expression} from patient`)
  expect(error).toMatchObject({ code: expect.stringMatching(/^(?:42|0A)/) })
  expect(`${error.stack} ${JSON.stringify(error)}`).not.toMatch(/canary|quartz/)
})

it.each([
  ["select full_name = 1 from patient", "operator does not exist: text = integer"],
  ["select nothing(full_name) from patient", "function nothing(text) does not exist"],
  ["insert into patient (id) values (gen_random_uuid()) on conflict (phone) do nothing", "ON CONFLICT specification"],
])("what is wrong with a text itself is said: %s", async (text, message) => {
  expect((await saidOf(text)).message).toContain(message)
})
