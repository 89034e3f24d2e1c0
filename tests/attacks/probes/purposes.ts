import type { Probe } from "../probe.ts"

/** Everything a purpose might be read from. */
const settings = ["wardkeep.purpose", "wardkeep.purposes", "wardkeep.claims", "app.purpose", "request.purpose"]
const said = settings.map((name) => `set_config('${name}', 'billing', true)`).join(", ")

const ways: Readonly<Record<string, readonly string[]>> = {
  set_config: [`select ${said}`],
  "set_config for the session": [`select ${said.replaceAll("true", "false")}`],
  SET: settings.flatMap((name) => [`set ${name} = 'billing'`, `set local ${name} = 'billing'`]),
  "an update of pg_settings": [
    `select ${said.replaceAll("billing", "")}`,
    `update pg_settings set setting = 'billing' where name = any ('{${settings.join(",")}}')`,
  ],
}

const tied: Readonly<Record<string, string>> = {
  "rows tied to billing": "select * from public.note",
  "a column tied to billing": "update public.patient set phone = '0'",
}

/** The cashier's token is for care, and what the role may do with notes and telephone numbers is for billing. */
export const purposeProbes: readonly Probe[] = [
  ...Object.entries(ways).flatMap(([way, statements]): Probe[] => [
    {
      name: `the purpose of a token for care is not changed by ${way}`,
      as: "cashier",
      sql: () => [...statements, "select 1 where wardkeep.purpose() is distinct from 'care'"],
      rows: 0,
    },
    ...Object.entries(tied).map(
      ([what, text]): Probe => ({
        name: `${what} cannot be reached with a token for care and ${way}`,
        as: "cashier",
        sql: () => [...statements, text],
        refused: /^WK205$/,
      }),
    ),
  ]),
  {
    name: "the purpose changed inside the statement opens no rows tied to billing",
    as: "cashier",
    sql: () => [
      `with s as materialized (select ${said})
       select n.* from s cross join lateral (select * from public.note where s is not null offset 0) n`,
    ],
    refused: /^WK205$/,
  },
  {
    name: "the purpose of a token for care is the same inside a statement that sets another",
    as: "cashier",
    sql: () => [
      `with s as materialized (select ${said})
       select 1 from s cross join lateral (select wardkeep.purpose() as p where s is not null offset 0) q where p is distinct from 'care'`,
    ],
    rows: 0,
  },
]
