import { z } from "zod"
import { openApi } from "../http/openapi.js"
import { type Route, route } from "../http/route.js"
import { accessRoutes } from "./accesses.js"
import { appointmentRoutes } from "./appointments.js"
import { emergencyRoutes } from "./emergencies.js"
import { invoiceRoutes } from "./invoices.js"
import { labRoutes } from "./lab-results.js"
import { loginRoutes } from "./login.js"
import type { LoginParts } from "./me.js"
import { noteRoutes } from "./notes.js"
import { patientRoutes } from "./patients.js"
import { prescriptionRoutes } from "./prescriptions.js"
import { publicRoutes } from "./public.js"
import { referralRoutes } from "./referrals.js"
import { reportRoutes } from "./reports.js"
import { teamRoutes } from "./team.js"

/** Every route of the API, and the one that describes them. */
export function allRoutes(parts: LoginParts): Route[] {
  const { wk } = parts
  const routes: Route[] = [
    ...publicRoutes(wk),
    ...loginRoutes(parts),
    ...patientRoutes(wk),
    ...appointmentRoutes(wk),
    ...noteRoutes(wk),
    ...prescriptionRoutes(wk),
    ...labRoutes(wk),
    ...invoiceRoutes(parts),
    ...reportRoutes(wk),
    ...teamRoutes(wk),
    ...emergencyRoutes(parts),
    ...referralRoutes(parts),
    ...accessRoutes(wk),
  ]
  const document: Route = route({
    method: "get",
    path: "/openapi.json",
    summary: "This document",
    access: "public",
    reply: z.object({ openapi: z.string() }),
    handle: async () => openApi([...routes, document]),
  })
  return [...routes, document]
}
