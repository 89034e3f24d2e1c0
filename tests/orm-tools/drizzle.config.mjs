/** What `npm run orm-tools` hands to drizzle-kit: everything is told by the environment. */
const { TOOL_URL: url = "", TOOL_OUT: out = "", TOOL_TABLES: tables } = process.env

export default {
  dialect: "postgresql",
  schema: "./schema.mjs",
  out,
  dbCredentials: { url },
  ...(tables !== undefined && { tablesFilter: tables.split(",") }),
}
