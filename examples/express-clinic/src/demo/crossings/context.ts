import type { SessionGrant } from "wardkeep"
import { connected } from "../../database/connected.js"
import { type RawOptions, rawSql } from "../attacker.js"
import type { Attempt, Layer } from "../attempt.js"
import { errorText, type Outcome, refusalOf } from "../attempt.js"
import type { Stage } from "../stage.js"

type Line = readonly [attempt: string, statements: readonly string[], options?: RawOptions]

/** Forging the context, the role and the session, with any SQL. */
export function forgingBySql(stage: Stage, doctor: SessionGrant, reception: SessionGrant): Attempt[] {
  const attempts = (layer: Layer, grant: SessionGrant, lines: readonly Line[]): Attempt[] =>
    lines.map(([attempt, statements, options]) => ({
      layer,
      attempt,
      home: [stage.home.branch],
      given: stage.elsewhere.given,
      run: () => rawSql(stage.appUrl, grant, statements, options),
    }))
  return [
    ...attempts("forged-context", doctor, [...forgedContext(stage, doctor), ...minting(stage)]),
    ...attempts("role-switch", doctor, switchedRole()),
    ...attempts("role-switch", reception, [
      ["reception becomes a doctor", ["set local role wk_demo_r_doctor", "select hiv_status from patient"]],
      ["reception reads a hidden column of the base table", ["select id, hiv_status from public.patient"]],
      ["reception reads notes", ["select * from clinical_note"]],
    ]),
    ...attempts("startup-options", doctor, startup(stage)),
    ...attempts("shadowing", doctor, shadowing()),
    ...issuerAlone(stage),
  ]
}

function forgedContext({ elsewhere, nextDoor }: Stage, { token }: SessionGrant): Line[] {
  const set = (name: string, value: string): string => `set_config('${name}', '${value}', true)`
  const foreign = `${token}${elsewhere.branch.clinicId}`
  const made = `dem1${"0123456789abcdef".repeat(3).slice(0, 43)}`
  const read = `select * from patient where branch_id = '${elsewhere.branch.id}'`
  return [
    [
      "another clinic appended to the token, inside one SELECT",
      [`select p.* from (select ${set("wardkeep.token", foreign)}) s, patient p`],
    ],
    [
      "another clinic appended, then every table",
      [`select ${set("wardkeep.token", foreign)}`, read, "select * from clinical_note", "select * from attachment"],
    ],
    [
      "another clinic appended, then an insert there",
      [
        `select ${set("wardkeep.token", foreign)}`,
        `insert into clinical_note (clinic_id, branch_id, patient_id, author, diagnosis, body) values ('${elsewhere.branch.clinicId}', '${elsewhere.branch.id}', '${elsewhere.patient.id}', wardkeep.actor(), 'x', 'x')`,
      ],
    ],
    ["a made-up token", [`select ${set("wardkeep.token", made)}`, read]],
    ["an empty token", [`select ${set("wardkeep.token", "")}`, read]],
    ["a malformed token", [`select ${set("wardkeep.token", `' or true --`.replaceAll("'", "''"))}`, read]],
    ["RESET of the token", ["reset wardkeep.token", read]],
    ["RESET ALL", ["reset all", read]],
    [
      "the branch next door as a setting",
      [`select ${set("wardkeep.branch", nextDoor.branch.id)}`, "select * from patient"],
    ],
    [
      "a branch of another clinic as a setting",
      [`select ${set("wardkeep.branch", elsewhere.branch.id)}`, "select * from patient"],
    ],
    ["the setting changed row by row", [`select p.*, ${set("wardkeep.branch", elsewhere.branch.id)} from patient p`]],
    [
      "a purpose, actor and tenant of one's own as settings",
      [
        `select ${set("wardkeep.purpose", "administration")}, ${set("wardkeep.actor", "root")}, ${set("wardkeep.tenant", elsewhere.branch.clinicId)}`,
        read,
      ],
    ],
    [
      "a savepoint rolled back to an older context",
      ["savepoint s", `select ${set("wardkeep.token", foreign)}`, "rollback to s", read],
    ],
    [
      "own token, then another clinic appended in a sub-transaction",
      [
        "savepoint s",
        `select ${set("wardkeep.token", token)}`,
        `select ${set("wardkeep.token", foreign)}`,
        "release s",
        read,
      ],
    ],
  ]
}

const minting = ({ elsewhere }: Stage): Line[] => [
  [
    "mint a token",
    [
      `select wardkeep.mint('dem1', jsonb_populate_record(null::wardkeep.token, jsonb_build_object('actor', 'me', 'tenant', '${elsewhere.branch.clinicId}',
        'branches', array['${elsewhere.branch.id}'], 'db_role', 'wk_demo_r_doctor', 'role', 'doctor', 'purpose', 'care', 'valid_from', now(), 'valid_until', now() + interval '1 day')))`,
    ],
  ],
  ["issue a session as the application", ["select * from wardkeep.issue_session('{}', 'dem1', '')"]],
  ["add a signing key", ["select wardkeep.add_key('evil', decode(repeat('00', 32), 'hex'))"]],
  ["open the owner's service context", [`select wardkeep.open_backfill('${elsewhere.branch.clinicId}', 'curious')`]],
  ["write a token row", ["insert into wardkeep.token select * from wardkeep.token"]],
  ["end somebody else's sessions", ["select wardkeep.end_actor('account:x', 'because')"]],
  ["add a branch to the known ones", [`insert into wardkeep.known_branch values ('${elsewhere.branch.id}', 'x')`]],
]

function switchedRole(): Line[] {
  const read = "select id from patient"
  return [
    ["SET ROLE to the clinic owner's role", ["set local role wk_demo_r_owner", read]],
    ["SET ROLE to a service", ["set local role wk_demo_s_reminders", read]],
    [
      "set_config('role') inside the same SELECT",
      [`select p.id from (select set_config('role', 'wk_demo_r_owner', true)) s, patient p`],
    ],
    ["SET ROLE to the tables' owner", ["set local role wk_demo_owner", read]],
    ["SET ROLE to the issuer", ["set local role wk_demo_issuer", "select * from account"]],
    ["SET SESSION AUTHORIZATION", ["set session authorization wk_demo_owner", read]],
    ["SET SESSION AUTHORIZATION to a superuser", ["set session authorization postgres", read]],
    ["RESET ROLE", ["reset role", "select * from public.patient"]],
    [
      "role none, then the catalogs",
      [
        "set local role none",
        "select query from pg_stat_activity where query like '%patient%'",
        "select * from public.patient",
      ],
    ],
    ["ALTER ROLE of oneself: BYPASSRLS", ["set local role none", "alter role wk_demo_app bypassrls"]],
    [
      "ALTER ROLE of oneself: a role for every connection",
      ["set local role none", "alter role wk_demo_app set role = 'wk_demo_owner'"],
      { undo: true, says: "accepted, for its own login only (undone): the client refuses the statement" },
    ],
    ["CREATE ROLE", ["set local role none", "create role mine superuser login"]],
  ]
}

function startup({ elsewhere }: Stage): Line[] {
  const read = `select * from patient where branch_id = '${elsewhere.branch.id}'`
  return [
    ["row_security=off in the start packet", [read], { startup: "-c row_security=off", atOnce: true }],
    ["role=owner in the start packet", [read], { startup: "-c role=wk_demo_owner", atOnce: true }],
    [
      "a role of the policy in the start packet, then no context",
      ["reset role", "select * from public.patient"],
      { startup: "-c role=wk_demo_r_owner", atOnce: true },
    ],
    [
      "session_replication_role=replica in the start packet",
      [read],
      { startup: "-c session_replication_role=replica", atOnce: true },
    ],
    [
      "a token of one's own in the start packet",
      ["reset wardkeep.token", read],
      { startup: `-c wardkeep.token=${"a".repeat(47)}`, atOnce: true },
    ],
    [
      "session_preload_libraries in the start packet",
      [read],
      { startup: "-c session_preload_libraries=auto_explain", atOnce: true },
    ],
  ]
}

const shadowing = (): Line[] => [
  ["a temporary table named patient", ["create temp table patient (id uuid)"]],
  [
    "a temporary function named branches",
    ["create function pg_temp.branches() returns text[] language sql as 'select array[]::text[]'"],
  ],
  ["a temporary view over everything", ["create temp view everything as select * from patient"]],
  [
    "an operator of one's own, first in the path",
    ["create operator public.= (leftarg = uuid, rightarg = uuid, function = uuid_ne)"],
  ],
  ["search_path to another role's views", ["set local search_path = wk_demo_r_owner, public", "select * from patient"]],
  [
    "search_path without pg_catalog first",
    ["set local search_path = pg_temp, public, pg_catalog", "select * from public.patient"],
  ],
  ["a schema of one's own", ["create schema mine"]],
]

/** The issuer's connection string, stolen, without the signing key. */
function issuerAlone({ issuerUrl, home, elsewhere }: Stage): Attempt[] {
  const statement = async (sql: string): Promise<Outcome> =>
    connected(issuerUrl, async (client) => {
      try {
        const { rows } = await client.query(sql)
        return { seen: [JSON.stringify(rows)], touched: rows.length }
      } catch (error) {
        return { seen: [errorText(error)], refusal: refusalOf(error) }
      }
    })
  const request = JSON.stringify({
    actor: "me",
    ttl_seconds: 3600,
    nonce: "00000000-0000-4000-8000-000000000000",
    issued_at: new Date().toISOString(),
    assignments: [{ tenant: elsewhere.branch.clinicId, branches: "all", role: "doctor" }],
  })
  const lines = [
    [
      "the issuer's login without the key issues a session",
      `select * from wardkeep.issue_session('${request}', 'dem1', decode(repeat('00', 32), 'hex'))`,
    ],
    ["the issuer's login reads patients", "select * from patient"],
    ["the issuer's login reads tokens", "select * from wardkeep.token"],
  ] as const
  return lines.map(([attempt, sql]) => ({
    layer: "forged-context",
    attempt,
    home: [home.branch],
    given: elsewhere.given,
    run: () => statement(sql),
  }))
}
