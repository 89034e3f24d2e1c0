export * from "@wardkeep/postgres/cls-hooked"
