import type { SessionGrant } from "wardkeep"
import { type RawOptions, rawSql } from "../attacker.js"
import type { Attempt } from "../attempt.js"
import type { Stage } from "../stage.js"
import type { Target } from "../target.js"

type Line = readonly [attempt: string, sql: string | readonly string[], options?: RawOptions]

/** Reading, with the application's own login, a doctor's valid token and any statement. */
export function readingBySql(stage: Stage, grant: SessionGrant): Attempt[] {
  const attempts = (target: Target, where: string, lines: readonly Line[]): Attempt[] =>
    lines.map(([attempt, sql, options]) => ({
      layer: "sql",
      attempt: `${attempt}, ${where}`,
      home: [stage.home.branch],
      given: target.given,
      run: () => rawSql(stage.appUrl, grant, typeof sql === "string" ? [sql] : sql, options),
    }))
  return [
    ...attempts(stage.nextDoor, "branch next door", [...plain(stage.nextDoor)]),
    ...attempts(stage.elsewhere, "another clinic", [...plain(stage.elsewhere), ...composed(stage.elsewhere)]),
    ...attempts(stage.elsewhere, "any branch", [...sweeping(), ...catalogs(stage.elsewhere)]),
  ]
}

const plain = ({ patient, branch, rows }: Target): Line[] => [
  ["select a patient by id", `select * from patient where id = '${patient.id}'`],
  ["select every patient of the branch", `select * from patient where branch_id = '${branch.id}'`],
  ["select by phone number", `select * from patient where phone = '${patient.phone}'`],
  ["select a note by id", `select * from clinical_note where id = '${rows.clinical_note}'`],
  ["select an attachment through its note", `select * from attachment where note_id = '${rows.clinical_note}'`],
  ["select a lab file with its bytes", `select * from lab_file where id = '${rows.lab_file}'`],
  [
    "download a lab file, by the function that records it",
    `select wardkeep_audit.begin_handling('{"verb":"download","relation":"public.lab_file","records":["${rows.lab_file}"]}')`,
  ],
  ["count the patients of the branch", `select from patient where branch_id = '${branch.id}' having count(*) > 0`],
  ["search its word table", `select * from patient_word where patient_id = '${patient.id}'`],
]

const composed = ({ patient, branch, rows }: Target): Line[] => [
  [
    "UNION its notes to one's own patients",
    `select id::text, full_name from patient union all select id::text, body from clinical_note where branch_id = '${branch.id}' or branch_id is not null`,
  ],
  [
    "join through the subject",
    `select p.full_name, n.body from clinical_note n join patient p on p.id = n.patient_id where n.id = '${rows.clinical_note}'`,
  ],
  ["correlated EXISTS", `select 1 where exists (select from patient where id = '${patient.id}')`],
  [
    "LATERAL",
    `select x.* from branch b, lateral (select * from patient p where p.branch_id = b.id and b.id = '${branch.id}') x`,
  ],
  [
    "WITH, MATERIALIZED",
    `with x as materialized (select * from patient) select * from x where branch_id = '${branch.id}'`,
  ],
  [
    "recursive WITH",
    `with recursive x(id) as (values ('${patient.id}'::uuid) union select p.id from patient p join x on p.id = x.id) select p.* from x join patient p using (id)`,
  ],
  ["aggregate", `select string_agg(full_name || phone, ',') from patient where clinic_id = '${branch.clinicId}'`],
  [
    "window over everything",
    `select branch_id, lead(full_name) over (order by branch_id) from patient where branch_id >= '${branch.id}' and branch_id <= '${branch.id}'`,
  ],
  [
    "GROUPING SETS",
    `select branch_id, count(*) from patient where branch_id = '${branch.id}' group by grouping sets ((branch_id))`,
  ],
  ["SELECT … FOR UPDATE", `select * from patient where id = '${patient.id}' for update`],
  [
    "cursor",
    [`declare c scroll cursor for select * from patient where branch_id = '${branch.id}'`, "fetch all from c"],
  ],
  ["query_to_xml", `select query_to_xml('select * from patient where id = ''${patient.id}''', true, false, '')`],
  [
    "cursor from a string in DO",
    `do $$ declare r record; begin for r in execute 'select * from patient where id = ''${patient.id}''' loop raise notice '%', r; end loop; end $$`,
  ],
  [
    "ts_stat over a query",
    `select * from ts_stat('select to_tsvector(body) from clinical_note where branch_id = ''${branch.id}''')`,
  ],
  ["its invoices by sum", `select sum(amount) from invoice where branch_id = '${branch.id}' having sum(amount) > 0`],
  ["COPY TO STDOUT", `copy (select * from patient where branch_id = '${branch.id}') to stdout`],
]

const sweeping = (): Line[] => [
  ["OR true", "select * from patient where id is null or true"],
  ["TABLE patient", "table patient"],
  ["the base table by its schema", "select * from public.patient"],
  ["every attachment", "select * from attachment"],
  ["every word of every name", "select * from patient_word"],
  ["COPY the whole table TO STDOUT", "copy patient to stdout"],
  ["table_to_xml", "select table_to_xml('patient', true, false, '')"],
  ["schema_to_xml", "select schema_to_xml('public', true, false, '')"],
  ["database_to_xml", "select database_to_xml(true, false, '')"],
  ["whole rows as json", "select json_agg(p) from patient p"],
  ["TABLESAMPLE", "select * from patient tablesample system (100)"],
  ["by physical address (ctid)", "select * from patient where ctid >= '(0,0)'"],
  ["SET row_security = off", ["set local row_security = off", "select * from patient"]],
  ["COPY to a file of the server", "copy patient to 'patients.csv'"],
  ["COPY to a program of the server", "copy patient to program 'cat'"],
]

const catalogs = ({ branch }: Target): Line[] => [
  [
    "the planner's statistics",
    "select * from pg_stats where tablename in ('patient', 'clinical_note', 'patient_word')",
  ],
  ["the statistics table itself", "select * from pg_statistic"],
  ["other sessions' statements", "select query from pg_stat_activity"],
  [
    "prepared statements and cursors",
    "select name, statement from pg_prepared_statements union all select name, statement from pg_cursors",
  ],
  ["the session tokens", "select * from wardkeep.token"],
  ["the signing keys", "select * from wardkeep.signing_key"],
  ["the record of activity", "select * from wardkeep.activity"],
  ["the copy that look-ups read", "select * from wardkeep_lookup.clinic_by_slug_row"],
  ["credentials", "select email, password_hash, totp_secret from account"],
  ["assignments", `select * from wardkeep.assignment where tenant = '${branch.clinicId}'`],
  ["another clinic's staff", `select * from staff where clinic_id = '${branch.clinicId}'`],
  ["another clinic's branches", `select * from branch where clinic_id = '${branch.clinicId}'`],
  ["a file of the server", "select pg_read_file('postgresql.conf')"],
  ["large objects", "select lo_import('/etc/passwd')"],
]
