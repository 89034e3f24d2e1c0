import { randomBytes } from "node:crypto"
import type { ColumnTypes } from "@wardkeep/permissions"
import type pg from "pg"
import { eachRow } from "./each-row.ts"

/** The tables that conditions stand on, the moment of the question, and loops that write row by row. */
export const worldSql = `
create type visit_state as enum ('draft', 'signed', 'void');
create table care_team (staff text, staff_id uuid, patient_id uuid, valid_from timestamptz, valid_to timestamptz);
create table note (
  n integer primary key, author text, author_id uuid, author_no integer, author_big bigint, patient_id uuid,
  branch_id uuid, status text, state visit_state, level integer, done boolean, created_at timestamptz);
create schema asked;
create table asked.moment (at timestamptz not null);
insert into asked.moment values (now());
create function asked.now() returns timestamptz language sql stable security definer return (select m.at from asked.moment m);
alter table note enable row level security;
alter table care_team enable row level security;
${eachRow("asked.", "author, author_id, author_no, author_big, patient_id, branch_id, status, state, level, done, created_at")}
`

export const columnTypes: ColumnTypes = new Map([
  [
    "public.note",
    new Map([
      ["n", { type: "integer" }],
      ["author", { type: "text" }],
      ["author_id", { type: "uuid" }],
      ["author_no", { type: "integer" }],
      ["author_big", { type: "bigint" }],
      ["patient_id", { type: "uuid" }],
      ["branch_id", { type: "uuid" }],
      ["status", { type: "text" }],
      ["state", { type: "visit_state", labels: ["draft", "signed", "void"] }],
      ["level", { type: "integer" }],
      ["done", { type: "boolean" }],
      ["created_at", { type: "timestamp with time zone" }],
    ]),
  ],
  [
    "public.care_team",
    new Map([
      ["staff", { type: "text" }],
      ["staff_id", { type: "uuid" }],
      ["patient_id", { type: "uuid" }],
      ["valid_from", { type: "timestamp with time zone" }],
      ["valid_to", { type: "timestamp with time zone" }],
    ]),
  ],
])

export const tenant = "11111111-1111-4111-8111-111111111111"

/** A role that reads both tables, and a token of it whose context each case writes anew. */
export async function asker(admin: pg.Client): Promise<{ role: string; token: string }> {
  const role = `asker_${randomBytes(4).toString("hex")}`
  await admin.query(`
    create role ${role} nologin;
    grant usage on schema wardkeep, asked to ${role};
    grant execute on all functions in schema wardkeep, asked to ${role};
    grant select, insert, update, delete on note to ${role};
    grant select on care_team to ${role}`)
  return { role, token: randomBytes(24).toString("hex").slice(0, 47) }
}
