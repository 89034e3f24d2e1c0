export * from "@wardkeep/adapters/mikroorm"
