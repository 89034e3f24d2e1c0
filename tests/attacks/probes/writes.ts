import { type Probe, plain } from "../probe.ts"
import type { World } from "../world.ts"

const own = (w: World) => ({ ...w.clinic.branches[0], ...w.keys[0] })
const next = (w: World) => ({ ...w.clinic.branches[1], ...w.keys[1] })
const other = (w: World) => ({ ...w.clinic.branches[2], ...w.keys[2] })
const denied = /^42501$/

/** Changing, referring to or counting what is not the attacker's. */
export const writeProbes: readonly Probe[] = [
  plain("a blind UPDATE touches its own branch only", "update public.patient set phone = null"),
  plain("a blind DELETE touches its own branch only", ["delete from public.note", "delete from public.visit"]),
  plain("a blind DELETE of a through table touches its own branch only", "delete from public.note"),
  plain("UPDATE … RETURNING shows its own branch only", "update public.patient set phone = phone returning *"),
  plain(
    "DELETE … USING reaches no other branch",
    "delete from public.note n using public.visit v where n.visit_id = v.id returning v.*",
  ),
  plain(
    "UPDATE … FROM reaches no other branch",
    "update public.visit v set reason = p.full_name from public.patient p returning v.*, p.*",
    { rows: 25 },
  ),
  {
    name: "a foreign row addressed by its id is not updated",
    sql: (w) => [`update public.patient set phone = 'x' where id = '${other(w).patient}' returning *`],
    rows: 0,
  },
  {
    name: "a neighbour's row addressed by its id is not deleted",
    sql: (w) => [`delete from public.visit where id = '${next(w).visit}' returning *`],
    rows: 0,
  },
  {
    name: "a row addressed by ctid stays behind the fence",
    sql: () => [
      "select * from public.patient where ctid = any (array(select format('(0,%s)', n)::tid from generate_series(1, 60) n))",
    ],
  },
  plain("TABLESAMPLE stays behind the fence", "select * from public.patient tablesample bernoulli (100)"),
  plain("SELECT FOR UPDATE stays behind the fence", "select * from public.visit for update"),
  {
    name: "an own row cannot be moved to another branch",
    sql: (w) => [`update public.patient set branch_id = '${next(w).branch}'`],
    refused: denied,
  },
  {
    name: "an own row cannot be moved between the attacker's own branches",
    as: "both",
    sql: (w) => [`update public.visit set branch_id = '${next(w).branch}'`],
    refused: denied,
  },
  {
    name: "an own row cannot be moved to another tenant",
    sql: (w) => [`update public.patient set clinic_id = '${other(w).clinic}'`],
    refused: denied,
  },
  {
    name: "a row cannot be inserted into another branch",
    sql: (w) => [`insert into public.patient (branch_id, full_name) values ('${next(w).branch}', 'planted')`],
    refused: denied,
  },
  {
    name: "a row cannot be inserted into another tenant",
    sql: (w) => [
      `insert into public.patient (clinic_id, branch_id, full_name) values ('${other(w).clinic}', '${other(w).branch}', 'planted')`,
    ],
    refused: denied,
  },
  {
    name: "a row that fits in every way cannot be inserted into another branch",
    sql: (w) => [
      `insert into public.visit (clinic_id, branch_id, patient_id, reason) values ('${other(w).clinic}', '${other(w).branch}', '${other(w).patient}', 'planted')`,
    ],
    refused: denied,
  },
  {
    name: "a row cannot be inserted with a foreign tenant and an own branch",
    sql: (w) => [
      `insert into public.visit (clinic_id, branch_id, patient_id, reason) values ('${other(w).clinic}', '${own(w).branch}', '${own(w).patient}', 'planted')`,
    ],
    refused: denied,
  },
  {
    name: "a tenant appended to the token does not let a row into another tenant",
    only: "portable",
    sql: (w) => [
      `select set_config('wardkeep.token', current_setting('wardkeep.token') || '${other(w).clinic}', true)`,
      `insert into public.patient (clinic_id, branch_id, full_name) values ('${other(w).clinic}', '${other(w).branch}', 'planted')`,
    ],
    refused: /^WK112$/,
  },
  {
    name: "INSERT … SELECT copies no foreign row",
    sql: (w) => [
      `insert into public.visit (patient_id, reason) select p.id, p.full_name from public.patient p where p.branch_id <> '${own(w).branch}' returning *`,
    ],
    rows: 0,
  },
  {
    name: "a visit cannot refer to a neighbour's patient",
    sql: (w) => [`insert into public.visit (patient_id, reason) values ('${next(w).patient}', 'crossing')`],
    refused: /^23503$/,
  },
  {
    name: "a visit cannot refer to another tenant's patient",
    sql: (w) => [`insert into public.visit (patient_id, reason) values ('${other(w).patient}', 'crossing')`],
    refused: /^23503$/,
  },
  {
    name: "a user of two branches cannot refer from one to the other",
    as: "both",
    sql: (w) => [
      `insert into public.visit (branch_id, patient_id, reason) values ('${own(w).branch}', '${next(w).patient}', 'crossing')`,
    ],
    refused: /^23503$/,
  },
  {
    name: "a visit cannot be re-pointed at a foreign patient",
    sql: (w) => [`update public.visit set patient_id = '${other(w).patient}'`],
    refused: denied,
  },
  {
    name: "a note cannot be put under a foreign visit",
    sql: (w) => [`insert into public.note (visit_id, body) values ('${other(w).visit}', 'crossing')`],
    refused: /^23503$/,
  },
  {
    name: "a note cannot be put under a neighbour's visit",
    sql: (w) => [`insert into public.note (visit_id, body) values ('${next(w).visit}', 'crossing')`],
    refused: /^23503$/,
  },
  {
    name: "ON CONFLICT on a foreign key value of the scoped key is refused by the fence",
    sql: (w) => [
      `insert into public.patient (clinic_id, branch_id, id, full_name) values ('${other(w).clinic}', '${other(w).branch}', '${other(w).patient}', 'x')
       on conflict (clinic_id, branch_id, id) do update set full_name = 'y' where patient.full_name::int > 0 returning *`,
    ],
    refused: denied,
  },
  {
    name: "ON CONFLICT on a foreign id beside an own branch finds no foreign row",
    sql: (w) => [
      `insert into public.patient (id, full_name) values ('${other(w).patient}', 'x')
       on conflict (clinic_id, branch_id, id) do update set phone = 'y' where patient.hiv_status::int > 0 returning *`,
    ],
  },
  {
    name: "ON CONFLICT on a single-column key prints no foreign row below the security floor",
    sql: (w) => [
      `insert into public.note (id, visit_id, body) values ('${other(w).note}', '${own(w).visit}', 'x')
       on conflict (id) do update set body = 'y' where (note.body || '/')::int > 0`,
    ],
    refused: denied,
  },
  {
    name: "MERGE matches no foreign row",
    sql: (w) => [
      `merge into public.patient p using (values ('${other(w).patient}'::uuid), ('${next(w).patient}'::uuid)) v(id) on p.id = v.id
       when matched then update set phone = 'x'`,
    ],
    rows: 0,
  },
  plain(
    "MERGE without a condition touches its own branch only",
    "merge into public.visit t using (select 1) v on true when matched then delete",
  ),
  {
    name: "WHERE CURRENT OF stays behind the fence",
    sql: () => [
      "declare c cursor for select * from public.note for update",
      "fetch 2 from c",
      "delete from public.note where current of c",
    ],
    rows: 1,
  },
  plain("a word table is read behind the fence", "select * from public.patient_word", {
    rows: 100,
    never: /saffron|indigo/,
  }),
  plain(
    "a word table joined with its rows stays behind the fence",
    "select * from public.patient p, public.patient_word w where w.word ^@ 'c'",
    { rows: 500 },
  ),
  plain("a word table cannot be written", "insert into public.patient_word select * from public.patient_word", {
    refused: denied,
  }),
  plain("a word table cannot be emptied", "delete from public.patient_word", { refused: denied }),
  {
    name: "a same-shape view shows its own branch only, without hidden columns",
    as: "reception",
    sql: () => [`select * from "${"$user"}".patient`],
    refused: /^42P01$|^3F000$/,
  },
  {
    name: "the same-shape view of the own role hides columns and branches",
    as: "reception",
    sql: (w) => [`select * from ${w.grants.reception.db_role}.patient`],
  },
  {
    name: "the same-shape view does not write into another branch",
    as: "reception",
    sql: (w) => [
      `insert into ${w.grants.reception.db_role}.patient (branch_id, full_name) values ('${next(w).branch}', 'planted')`,
    ],
    refused: denied,
  },
  {
    name: "the same-shape view of another role cannot be used",
    sql: (w) => [`select * from ${w.grants.reception.db_role}.patient`],
    refused: denied,
  },
  plain("a hidden column cannot be filtered on", "select id from public.patient where hiv_status like 'h%'", {
    as: "reception",
    refused: denied,
  }),
  plain("a hidden column does not come with the whole row", "select p::text from public.patient p", {
    as: "reception",
    refused: denied,
  }),
  plain("a hidden column does not come with RETURNING", "update public.patient set phone = 'x' returning hiv_status", {
    as: "reception",
    refused: denied,
  }),
  plain("a hidden column cannot be assigned", "update public.patient set hiv_status = 'x'", {
    as: "reception",
    refused: denied,
  }),
  plain(
    "a hidden column cannot be inserted either, so that no unique or foreign key answers a guess",
    "insert into public.patient (full_name, hiv_status) values ('x', 'guess')",
    { as: "reception", refused: denied },
  ),
  plain(
    "a hidden column does not come out of a constraint error",
    "insert into public.patient (full_name) values (null)",
    { as: "reception", refused: /^23502$/ },
  ),
  plain("tables of the tenant show their own tenant only", "select * from public.branch, public.staff", { rows: 2 }),
  plain("COPY TO shows its own branch only", "copy (select * from public.patient) to stdout"),
  plain("COPY of a table shows its own branch only", "copy public.visit to stdout"),
  plain("COPY FROM is refused under row security", "copy public.visit (patient_id, reason) from stdin", {
    refused: /^0A000$|^42501$/,
  }),
]
