export * from "@wardkeep/adapters/sessions"
