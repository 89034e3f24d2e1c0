import type { SessionGrant } from "wardkeep"
import { type RawOptions, rawSql } from "../attacker.js"
import type { Attempt } from "../attempt.js"
import type { Stage } from "../stage.js"
import type { Target } from "../target.js"

type Line = readonly [attempt: string, sql: string | readonly string[], options?: RawOptions]

/** Changing, moving and destroying. What is not refused is committed; the rows of others are compared afterwards. */
export async function writingBySql(stage: Stage, grant: SessionGrant): Promise<Attempt[]> {
  const { rows } = await stage.superuser.query<{ patients: number; attachments: number }>(
    `select (select count(*)::int from patient where branch_id = $1) as patients,
            (select count(*)::int from attachment where branch_id = $1) as attachments`,
    [stage.home.branch.id],
  )
  const own = rows[0] ?? { patients: 0, attachments: 0 }
  const lines = [...aimed(stage.elsewhere), ...aimed(stage.nextDoor).slice(0, 4), ...blind(own), ...destroying()]
  return lines.map(([attempt, sql, options]) => ({
    layer: "sql",
    attempt,
    home: [stage.home.branch],
    given: [...stage.elsewhere.given, ...stage.nextDoor.given],
    run: () => rawSql(stage.appUrl, grant, typeof sql === "string" ? [sql] : sql, options),
  }))
}

function aimed({ patient, branch, rows }: Target): Line[] {
  const where = `of ${branch.name}`
  const scope = `'${branch.clinicId}', '${branch.id}'`
  const note = `clinical_note (clinic_id, branch_id, id, patient_id, author, diagnosis, body)`
  const noteValues = `(${scope}, '${rows.clinical_note}', '${patient.id}', wardkeep.actor(), 'x', 'x')`
  return [
    [`UPDATE a patient ${where}`, `update patient set allergies = 'x' where id = '${patient.id}' returning *`],
    [`DELETE an attachment ${where}`, `delete from attachment where id = '${rows.attachment}' returning *`],
    [`INSERT a note into the branch ${where}`, `insert into ${note} values ${noteValues} returning *`],
    [
      `move an own note to the branch ${where}`,
      `update clinical_note set branch_id = '${branch.id}', clinic_id = '${branch.clinicId}'`,
    ],
    [
      `take over a note ${where} by its key`,
      `update clinical_note set patient_id = patient_id, branch_id = default where id = '${rows.clinical_note}'`,
    ],
    [
      `INSERT … ON CONFLICT DO UPDATE on a note ${where}`,
      `insert into ${note} values ${noteValues} on conflict (clinic_id, branch_id, id) do update set body = 'y' returning *`,
    ],
    [
      `INSERT … ON CONFLICT DO NOTHING, as an oracle ${where}`,
      `insert into ${note} values ${noteValues} on conflict do nothing returning *`,
    ],
    [
      `MERGE … WHEN MATCHED UPDATE ${where}`,
      `merge into clinical_note n using (values ('${rows.clinical_note}'::uuid)) v(id) on n.id = v.id when matched then update set body = 'x'`,
    ],
    [
      `MERGE … WHEN MATCHED DELETE ${where}`,
      `merge into attachment a using (values ('${rows.attachment}'::uuid)) v(id) on a.id = v.id when matched then delete`,
    ],
    [
      `MERGE … WHEN NOT MATCHED INSERT ${where}`,
      `merge into clinical_note n using (values ('${rows.clinical_note}'::uuid)) v(id) on n.id = v.id when not matched then insert (clinic_id, branch_id, patient_id, author, diagnosis, body) values (${scope}, '${patient.id}', wardkeep.actor(), 'x', 'x')`,
    ],
    [
      `INSERT … SELECT its notes into one's own ${where}`,
      `insert into clinical_note (patient_id, author, diagnosis, body) select patient_id, author, diagnosis, body from clinical_note where branch_id = '${branch.id}' returning *`,
    ],
    [
      `UPDATE … FROM its notes ${where}`,
      `update clinical_note o set body = n.body from clinical_note n where n.branch_id = '${branch.id}' returning o.*`,
    ],
    [
      `data-modifying WITH ${where}`,
      `with gone as (delete from attachment where branch_id = '${branch.id}' returning *) select * from gone`,
    ],
    [`UPDATE its clinic's name ${where}`, `update clinic set name = 'x' where id = '${branch.clinicId}'`],
  ]
}

const blind = (own: { readonly patients: number; readonly attachments: number }): Line[] => [
  [
    "blind UPDATE of every patient (own rows only, undone)",
    "update patient set allergies = 'x'",
    { own: own.patients, undo: true },
  ],
  [
    "blind DELETE of every attachment (own rows only, undone)",
    "delete from attachment",
    { own: own.attachments, undo: true },
  ],
]

const destroying = (): Line[] => [
  ["TRUNCATE patient", "truncate patient cascade"],
  ["DROP TABLE", "drop table clinical_note"],
  ["ALTER TABLE … NO FORCE", "alter table patient no force row level security"],
  ["ALTER TABLE … DISABLE ROW LEVEL SECURITY", "alter table patient disable row level security"],
  ["CREATE POLICY that lets everything through", "create policy open on patient using (true)"],
  ["DROP POLICY", "drop policy wk_fence on patient"],
  [
    "GRANT oneself everything",
    ["grant all on patient to wk_demo_app", "set local role none", "select * from public.patient"],
  ],
  ["CREATE FUNCTION", "create function public.leak(text) returns boolean language sql as 'select true'"],
  ["CREATE TRIGGER", "create trigger t before update on patient execute function wardkeep.refuse()"],
  ["CREATE VIEW of the owner's", "create view public.everything as select * from patient"],
  ["ALTER TABLE … DISABLE TRIGGER", "alter table patient disable trigger all"],
  ["SET session_replication_role", "set session_replication_role = replica"],
  ["LOCK the table for everybody", "lock table patient in access exclusive mode"],
]
