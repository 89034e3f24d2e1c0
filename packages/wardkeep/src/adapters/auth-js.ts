export * from "@wardkeep/adapters/auth-js"
