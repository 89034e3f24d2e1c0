export * from "@wardkeep/adapters/jwt"
