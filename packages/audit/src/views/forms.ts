/** What a form must leave in the log, per table. */
export type Expected = Readonly<Record<string, "exact" | "fetched" | "undetermined" | "declared">>

/** One form of query, and what is recorded of it. Values: `$1` a patient, `$2` a visit of theirs, as the form says. */
export interface Form {
  readonly form: string
  readonly text: string
  readonly values?: readonly ("patient" | "visit" | "note")[]
  readonly expected: Expected
  /** Groups of `public.patient`; none unless said. */
  readonly groups?: readonly string[]
  /** Recorded persons that are not in the rows would be wrong; more than the rows need is named here. */
  readonly over?: string
}

const patient = "public.patient"
const visit = "public.visit"
const note = "public.note"

/** Forms of statements that show rows. `exact`: each person in the rows, and no other; everything else says so. */
export const forms: readonly Form[] = [
  // Plain columns
  {
    form: "one row by its key",
    text: "select id, full_name from patient where id = $1",
    values: ["patient"],
    expected: { [patient]: "exact" },
  },
  { form: "a star", text: "select * from patient", expected: { [patient]: "exact" }, groups: ["sensitive"] },
  { form: "TABLE", text: "table patient", expected: { [patient]: "exact" }, groups: ["sensitive"] },
  { form: "a renamed column", text: 'select id as "patientId" from patient', expected: { [patient]: "exact" } },
  {
    form: "an alias and a schema",
    text: "select p.id from public.patient as p order by p.full_name limit 2",
    expected: { [patient]: "exact" },
  },
  {
    form: "a filter on a sensitive column",
    text: "select id from patient where hiv_status <> 'x'",
    expected: { [patient]: "exact" },
    groups: ["sensitive"],
  },
  {
    form: "an order by a sensitive column",
    text: "select id from patient order by hiv_status",
    expected: { [patient]: "exact" },
    groups: ["sensitive"],
  },
  {
    form: "a column list without any key",
    text: "select full_name, phone from patient where id = $1",
    values: ["patient"],
    expected: { [patient]: "undetermined" },
  },
  { form: "the person as a foreign key", text: "select patient_id, reason from visit", expected: { [visit]: "exact" } },
  {
    form: "a child by its own key",
    text: "select id, reason from visit where id = $1",
    values: ["visit"],
    expected: { [visit]: "fetched" },
  },
  { form: "a grandchild by its own key", text: "select id, body from note", expected: { [note]: "fetched" } },
  { form: "a grandchild without a key", text: "select body from note", expected: { [note]: "undetermined" } },
  { form: "DISTINCT", text: "select distinct patient_id from visit", expected: { [visit]: "exact" } },
  {
    form: "DISTINCT ON",
    text: "select distinct on (patient_id) patient_id, reason from visit order by patient_id, at",
    expected: { [visit]: "exact" },
  },
  {
    form: "FOR UPDATE",
    text: "select id from patient where id = $1 for update",
    values: ["patient"],
    expected: { [patient]: "exact" },
  },
  // Joins
  {
    form: "a join that shows both persons",
    text: "select p.id, v.patient_id from patient p join visit v on v.patient_id = p.id",
    expected: { [patient]: "exact", [visit]: "exact" },
  },
  {
    form: "a join, child by its key",
    text: "select p.id, v.id as visit, v.reason from patient p join visit v on v.patient_id = p.id",
    expected: { [patient]: "exact", [visit]: "fetched" },
  },
  {
    form: "a join, child by plain columns",
    text: "select p.id, v.reason from patient p join visit v on v.patient_id = p.id",
    expected: { [patient]: "exact", [visit]: "undetermined" },
  },
  {
    form: "a left join",
    text: "select v.patient_id, p.full_name from visit v left join patient p on p.id = v.patient_id",
    expected: { [patient]: "undetermined", [visit]: "exact" },
  },
  {
    form: "columns of equal names",
    text: "select v.id, p.id from visit v join patient p on p.id = v.patient_id",
    expected: { [patient]: "exact", [visit]: "fetched" },
  },
  {
    form: "JOIN USING",
    text: "select id from patient join (select patient_id as id from visit) v using (id)",
    expected: { [patient]: "exact", [visit]: "undetermined" },
  },
  {
    form: "FULL JOIN USING",
    text: "select id from patient full join (select patient_id as id from visit) v using (id)",
    expected: { [patient]: "undetermined", [visit]: "undetermined" },
  },
  {
    form: "a self-join",
    text: "select a.id, b.full_name from patient a join patient b on b.id <> a.id",
    expected: { [patient]: "undetermined" },
  },
  {
    form: "LATERAL",
    text: "select p.id, v.reason from patient p cross join lateral (select reason from visit where patient_id = p.id limit 1) v",
    expected: { [patient]: "exact", [visit]: "undetermined" },
  },
  // Expressions
  {
    form: "a cast of the person",
    text: "select id::text, full_name from patient",
    expected: { [patient]: "undetermined" },
  },
  {
    form: "an expression over columns",
    text: "select id, upper(full_name) as name from patient",
    expected: { [patient]: "exact" },
  },
  {
    form: "coalesce around the person",
    text: "select coalesce(id, gen_random_uuid()) as id from patient",
    expected: { [patient]: "undetermined" },
  },
  {
    form: "a whole row",
    text: "select p from patient p",
    expected: { [patient]: "undetermined" },
    groups: ["sensitive"],
  },
  {
    form: "a row as JSON",
    text: "select to_jsonb(p) from patient p",
    expected: { [patient]: "undetermined" },
    groups: ["sensitive"],
  },
  {
    form: "json_agg, eager loading of children",
    text: "select p.id, (select json_agg(json_build_object('reason', v.reason)) from visit v where v.patient_id = p.id) as visits from patient p",
    expected: { [patient]: "exact", [visit]: "undetermined" },
  },
  {
    form: "json_agg of everything",
    text: "select json_agg(p) from patient p",
    expected: { [patient]: "undetermined" },
    groups: ["sensitive"],
  },
  {
    form: "jsonb_build_object",
    text: "select jsonb_build_object('id', id, 'hiv', hiv_status) from patient",
    expected: { [patient]: "undetermined" },
    groups: ["sensitive"],
  },
  {
    form: "string_agg by the person",
    text: "select patient_id, string_agg(reason, ',') from visit group by patient_id",
    expected: { [visit]: "exact" },
  },
  {
    form: "a scalar subquery",
    text: "select (select full_name from patient where id = $1) as name",
    values: ["patient"],
    expected: { [patient]: "undetermined" },
  },
  {
    form: "unnest of an aggregate",
    text: "select unnest(array_agg(phone)) from patient",
    expected: { [patient]: "undetermined" },
  },
  // Aggregates and tests
  { form: "count", text: "select count(*) from patient", expected: { [patient]: "undetermined" } },
  {
    form: "count by a sensitive column",
    text: "select count(*) from patient where hiv_status = 'x'",
    expected: { [patient]: "undetermined" },
    groups: ["sensitive"],
  },
  {
    form: "a group by a sensitive column",
    text: "select hiv_status, count(*) from patient group by hiv_status",
    expected: { [patient]: "undetermined" },
    groups: ["sensitive"],
  },
  {
    form: "grouping sets",
    text: "select id, count(*) from patient group by rollup (id)",
    expected: { [patient]: "undetermined" },
  },
  {
    form: "a window function",
    text: "select id, lag(full_name) over (order by full_name) from patient",
    expected: { [patient]: "undetermined" },
  },
  {
    form: "EXISTS",
    text: "select exists (select from patient where hiv_status = 'x') as found",
    expected: { [patient]: "undetermined" },
    groups: ["sensitive"],
  },
  {
    form: "a semi-join",
    text: "select id from patient p where exists (select from visit v where v.patient_id = p.id)",
    expected: { [patient]: "exact", [visit]: "undetermined" },
  },
  {
    form: "IN",
    text: "select id from patient where id in (select patient_id from visit)",
    expected: { [patient]: "exact", [visit]: "undetermined" },
  },
  {
    form: "no table but a subquery in VALUES",
    text: "values ((select count(*) from visit))",
    expected: { [visit]: "undetermined" },
  },
  {
    form: "a table that is not recorded, filtered by one that is",
    text: "select id from drug where exists (select from visit)",
    expected: { [visit]: "undetermined" },
  },
  // Set operations and common table expressions
  {
    form: "UNION",
    text: "select id from patient union select patient_id from visit",
    expected: { [patient]: "undetermined", [visit]: "undetermined" },
  },
  {
    form: "UNION ALL of one table",
    text: "select id from patient union all select id from patient",
    expected: { [patient]: "undetermined" },
  },
  {
    form: "EXCEPT",
    text: "select id from patient except select patient_id from visit",
    expected: { [patient]: "undetermined", [visit]: "undetermined" },
  },
  {
    form: "a subquery in FROM",
    text: "select s.id from (select id, full_name from patient offset 0) s",
    expected: { [patient]: "exact" },
  },
  {
    form: "a common table expression",
    text: "with p as (select id, full_name from patient) select * from p",
    expected: { [patient]: "exact" },
  },
  {
    form: "a materialized one",
    text: "with p as materialized (select id, full_name from patient) select * from p",
    expected: { [patient]: "exact" },
  },
  {
    form: "one that is read twice",
    text: "with p as materialized (select id, full_name from patient) select a.id, b.full_name from p a, p b",
    expected: { [patient]: "undetermined" },
  },
  {
    form: "a recursive one",
    text: "with recursive r as (select id, 1 as n from patient union all select id, n + 1 from r where n < 2) select id, n from r",
    expected: { [patient]: "undetermined" },
  },
  // Views and functions of the host
  {
    form: "a view of the host",
    text: "select patient_id from patient_names",
    expected: { [patient]: "undetermined" },
    over: "the view's own column",
  },
  {
    form: "a view that joins",
    text: "select * from visit_list",
    expected: { [patient]: "undetermined", [visit]: "undetermined" },
  },
  {
    form: "a function that reads a table",
    text: "select name_of($1) as name",
    values: ["patient"],
    expected: { "name_of()": "undetermined" },
  },
  { form: "a function in FROM", text: "select * from all_names()", expected: { "all_names()": "undetermined" } },
  {
    form: "a function as an attribute",
    text: "select p.id, p.name_of_row from patient p",
    expected: { [patient]: "exact", "name_of_row()": "undetermined" },
    groups: ["sensitive"],
  },
  {
    form: "a function by a quoted name",
    text: 'select "name_of"($1) as name',
    values: ["patient"],
    expected: { "name_of()": "undetermined" },
  },
  {
    form: "an immutable function",
    text: "select id, initial(full_name) from patient",
    expected: { [patient]: "exact" },
  },
  {
    form: "an identifier in Unicode escapes",
    text: `select U&"\\0069d" from patient`,
    expected: { [patient]: "exact", "unknown()": "undetermined" },
  },
  {
    form: "XML of a query",
    text: "select query_to_xml('select full_name from patient', true, false, '')",
    expected: { "query_to_xml()": "undetermined" },
  },
  // Search, and writes that show rows
  { form: "words of names", text: "select word from patient_word", expected: { [patient]: "undetermined" } },
  {
    form: "INSERT … RETURNING",
    text: "insert into visit (patient_id, reason) values ($1, 'form') returning patient_id, reason",
    values: ["patient"],
    expected: { [visit]: "exact" },
  },
  {
    form: "INSERT … RETURNING another column",
    text: "insert into visit (patient_id, reason) values ($1, 'form') returning reason",
    values: ["patient"],
    expected: { [visit]: "undetermined" },
  },
  {
    form: "UPDATE … RETURNING",
    text: "update patient set phone = '1' where id = $1 returning id, full_name",
    values: ["patient"],
    expected: { [patient]: "exact" },
  },
  {
    form: "UPDATE … FROM … RETURNING",
    text: "update visit v set reason = 'seen' from patient p where p.id = v.patient_id and v.id = $1 returning v.patient_id, p.full_name",
    values: ["visit"],
    expected: { [visit]: "exact", [patient]: "undetermined" },
  },
  {
    form: "DELETE … RETURNING",
    text: "delete from visit where reason = 'form' returning patient_id",
    expected: { [visit]: "exact" },
  },
  {
    form: "a write in a common table expression",
    text: "with u as (update patient set phone = '2' where id = $1 returning id) select id from u",
    values: ["patient"],
    expected: { [patient]: "exact" },
  },
]
