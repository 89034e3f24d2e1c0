import type { SessionGrant } from "wardkeep"
import { type RawOptions, rawSql } from "../attacker.js"
import type { Attempt, Layer } from "../attempt.js"
import type { Stage } from "../stage.js"

type Line = readonly [attempt: string, statements: readonly string[], options?: RawOptions]

/** Making PostgreSQL say in an error, a key violation or a plan what it would not say in a row. */
export function oraclesBySql(stage: Stage, doctor: SessionGrant, reception: SessionGrant): Attempt[] {
  const attempts = (layer: Layer, grant: SessionGrant, lines: readonly Line[]): Attempt[] =>
    lines.map(([attempt, statements, options]) => ({
      layer,
      attempt,
      home: [stage.home.branch],
      given: [...stage.elsewhere.given, ...stage.nextDoor.given],
      run: () => rawSql(stage.appUrl, grant, statements, options),
    }))
  return [
    ...attempts("error-message", doctor, errors(stage)),
    ...attempts("error-message", reception, receptionErrors(stage)),
    ...attempts("foreign-key", doctor, keys(stage)),
    ...attempts("foreign-key", reception, receptionKeys(stage)),
    ...attempts("explain", doctor, explaining(stage)),
  ]
}

function errors({ elsewhere: { patient, branch, rows } }: Stage): Line[] {
  const scope = `'${branch.clinicId}', '${branch.id}'`
  return [
    ["cast a foreign name to a number", [`select full_name::int from patient where id = '${patient.id}'`]],
    [
      "cast in WHERE, hoping it runs before the fence",
      [`select 1 from patient where branch_id = '${branch.id}' and (full_name || phone)::int > 0`],
    ],
    ["cast in ORDER BY", [`select 1 from patient where branch_id = '${branch.id}' order by phone::int`]],
    [
      "division by zero if a foreign row exists",
      [`select 1 / (case when branch_id = '${branch.id}' then 0 else 1 end) as x from patient order by x limit 1`],
    ],
    [
      "cast in ON CONFLICT … WHERE (an existing foreign note)",
      [
        `insert into clinical_note (clinic_id, branch_id, id, patient_id, author, diagnosis, body) values (${scope}, '${rows.clinical_note}', '${patient.id}', wardkeep.actor(), 'x', 'x') on conflict (clinic_id, branch_id, id) do update set body = 'y' where (clinical_note.body)::int > 0`,
      ],
    ],
    [
      "cast in MERGE's condition",
      [
        `merge into clinical_note n using (values (1)) v(x) on n.id = '${rows.clinical_note}' and n.body::int > 0 when matched then update set body = 'x'`,
      ],
    ],
    [
      "cast in RETURNING",
      [`update clinical_note set body = 'x' where id = '${rows.clinical_note}' returning diagnosis::int`],
    ],
    [
      "xpath over a foreign note",
      [`select xmlparse(document body) from clinical_note where id = '${rows.clinical_note}'`],
    ],
    [
      "a regular expression from a foreign row",
      [`select 'x' ~ ('(' || full_name) from patient where branch_id = '${branch.id}'`],
    ],
    [
      "a check constraint that prints the failing row",
      [`update patient set hiv_status = 'x' where branch_id = '${branch.id}'`],
    ],
    [
      "a statement time-out that depends on foreign rows",
      ["set local statement_timeout = 400", `select pg_sleep(2) from patient where branch_id = '${branch.id}'`],
    ],
  ]
}

const receptionErrors = ({ elsewhere: { patient, branch } }: Stage): Line[] => [
  [
    "a unique ABHA number of another clinic (accepted, undone: no oracle)",
    [
      `insert into patient (full_name, phone, sex, abha) values ('Nobody', '+919000000000', 'other', '${patient.abha}')`,
    ],
    { own: 1, undo: true },
  ],
  [
    "a foreign key value in the branch's own name",
    [
      `insert into patient (clinic_id, branch_id, full_name, phone, sex, abha) values ('${branch.clinicId}', '${branch.id}', 'Nobody', '+919000000000', 'other', '${patient.abha}')`,
    ],
  ],
]

function keys({ elsewhere, nextDoor }: Stage): Line[] {
  const note = (target: Stage["elsewhere"]): string =>
    `insert into clinical_note (patient_id, author, diagnosis, body) values ('${target.patient.id}', wardkeep.actor(), 'x', 'x')`
  return [
    ["a note for a patient of another clinic", [note(elsewhere)]],
    ["a note for a patient of the branch next door", [note(nextDoor)]],
    [
      "an attachment on a note of another clinic",
      [
        `insert into attachment (note_id, file_name, media_type, bytes) values ('${elsewhere.rows.clinical_note}', 'x', 'x/x', 1)`,
      ],
    ],
    [
      "a prescription with the foreign scope written out",
      [
        `insert into prescription (clinic_id, branch_id, patient_id, drug_id, dose, days, prescribed_by) values ('${elsewhere.branch.clinicId}', '${elsewhere.branch.id}', '${elsewhere.patient.id}', 1, '1-0-1', 3, 'x')`,
      ],
    ],
    [
      "a lab result in one's own branch for a foreign patient",
      [
        `insert into lab_result (branch_id, patient_id, test, value, unit) values (wardkeep.branch()::uuid, '${elsewhere.patient.id}', 'x', 1, 'x')`,
      ],
    ],
    ["turn an own note over to a foreign patient", [`update clinical_note set patient_id = '${elsewhere.patient.id}'`]],
    [
      "cascade: delete a foreign patient with everything below",
      [`delete from patient where id = '${elsewhere.patient.id}'`],
    ],
    ["SET CONSTRAINTS DEFERRED, then a foreign parent", ["set constraints all deferred", note(elsewhere)]],
  ]
}

const receptionKeys = ({ elsewhere }: Stage): Line[] => [
  [
    "book a patient of another clinic",
    [`insert into appointment (patient_id, starts_at, reason) values ('${elsewhere.patient.id}', now(), 'x')`],
  ],
  [
    "guess whether a patient exists: the same error for a made-up id",
    [
      `insert into appointment (patient_id, starts_at, reason) values ('00000000-0000-4000-8000-000000000000', now(), 'x')`,
    ],
  ],
]

const counts = (text: string): string =>
  [...text.matchAll(/Rows Removed by Filter: (\d+)/g)].map(([, n]) => n).join(", ")

const removed = (texts: readonly string[]): string | undefined => {
  const found = counts(texts.at(-1) ?? "")
  return found === "" ? undefined : `no row; 'Rows Removed by Filter: ${found}' counts rows of other branches`
}

const existence = (texts: readonly string[]): string | undefined => {
  const [real, invented] = texts.slice(-2).map(counts)
  return real === invented ? undefined : "no row; but the two counts differ, so the number exists in another branch"
}

/** The client refuses EXPLAIN (WK108, below); this is what somebody learns who has the login and any SQL. */
function explaining({ elsewhere, nextDoor }: Stage): Line[] {
  const select = `select * from patient where branch_id = '${elsewhere.branch.id}'`
  const byNumber = (abha: string | null): string =>
    `explain (analyze, timing off) select * from patient where abha = '${abha}'`
  const unnamed = "explain (analyze, timing off) select * from patient where full_name = 'x'"
  return [
    ["EXPLAIN: estimates", [`explain ${select}`], { discloses: estimates }],
    ["EXPLAIN ANALYZE: counts", [unnamed], { discloses: removed }],
    ["EXPLAIN ANALYZE of a foreign branch", [`explain (analyze, verbose, buffers) ${select}`], { discloses: removed }],
    [
      "EXPLAIN ANALYZE: is this ABHA number next door?",
      [byNumber(nextDoor.patient.abha), byNumber("99000000000000")],
      { discloses: existence },
    ],
    [
      "EXPLAIN ANALYZE: is it in another clinic?",
      [byNumber(elsewhere.patient.abha), byNumber("99000000000000")],
      { discloses: existence },
    ],
    [
      "the table's size on disk",
      ["select pg_relation_size('public.patient') as bytes"],
      { discloses: () => "no row; the size of the whole table, all clinics together" },
    ],
  ]
}

const estimates = (texts: readonly string[]): string | undefined =>
  texts.at(-1)?.includes("rows=") ? "no row; the planner's estimates show roughly how large a table is" : undefined
