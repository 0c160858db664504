import { openStateFile } from "@outrigger/sdk/driver";

/** Writes its state for ever and says how far it is: for a test that kills it. */
const state = await openStateFile(process.argv[2] ?? "", { count: 0, fill: "" });
for (;;) {
  const { count } = await state.update(({ count: before }) => ({ count: before + 1, fill: "x".repeat(20_000) }));
  process.stdout.write(`${count}\n`);
}
