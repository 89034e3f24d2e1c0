import { clinic, wk } from "../../clinic"

export const GET = clinic.route(async () =>
  Response.json((await wk.query("select clinic_id, full_name, (select pg_sleep(0.1)) late from patient")).rows),
)
