"use server"

import { redirect } from "next/navigation"
import { clinic, wk } from "../clinic"

export const add = clinic.action(async (form: FormData) => {
  await wk.query("insert into patient (full_name) values ($1)", [form.get("full_name")])
  return { added: form.get("full_name") }
})

export const rename = clinic.action(async (id: string, form: FormData) => {
  const text = "update patient set full_name = $1 where id = $2 returning id"
  return { renamed: (await wk.query(text, [form.get("full_name"), id])).rows.length }
})

export const addAndGo = clinic.action(async (form: FormData) => {
  await wk.query("insert into patient (full_name) values ($1)", [form.get("full_name")])
  redirect("/page")
})
