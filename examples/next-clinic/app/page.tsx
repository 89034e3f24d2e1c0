import { redirect } from "next/navigation"
import { clinic, currentLogin } from "@/clinic/context"
import { mayOf, pathOf } from "@/clinic/menu"

/** Where the role's work begins. */
export default clinic.component(async (): Promise<null> => {
  const login = await currentLogin()
  if (login === undefined) redirect("/sign-in")
  const { places } = await mayOf(login)
  const first = (["accesses", "day", "emergencies", "patients"] as const).find((one) => places.includes(one))
  redirect(pathOf(first ?? "sessions"))
})
