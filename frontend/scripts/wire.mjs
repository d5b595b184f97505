// Turns the room protocol's JSON schema into TypeScript types, so that the two sides cannot drift.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const source = fileURLToPath(new URL("../../docs/wire.schema.json", import.meta.url));
const target = fileURLToPath(new URL("../src/room/wire.ts", import.meta.url));

const schema = JSON.parse(await readFile(source, "utf8"));
const types = await compile(schema, "Wire", {
  additionalProperties: false,
  bannerComment: "/* Generated from docs/wire.schema.json by `npm run wire`. Not committed, not edited. */",
  format: false,
  unreachableDefinitions: true,
});
const before = await readFile(target, "utf8").catch(() => "");
if (before !== types) await writeFile(target, types);
