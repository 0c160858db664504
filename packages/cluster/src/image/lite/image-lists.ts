import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { manifestInvalid, type Problem, readDocument } from "@outrigger/plugin";
import * as z from "zod";
import type { NamedImage } from "./named-image.ts";

/** In the context beside the Kubefile, as Sealer has it: never part of an image. */
export const authListName = "imageListWithAuth.yaml";

const sectionField = z.array(
  z.strictObject({
    registry: z.string().exactOptional(),
    username: z.string().min(1),
    password: z.string().min(1),
    images: z.array(z.string().min(1)).default([]),
  }),
);

/** A list of images, one in each line; `#` begins a comment. */
export function listedImages(text: string, file: string): readonly NamedImage[] {
  return text.split("\n").flatMap((each, index) => {
    const image = each.replace(/(^|\s)#.*$/, "").trim();
    return image === "" ? [] : [{ image, file, line: index + 1 }];
  });
}

/** The images of imageListWithAuth.yaml in a folder, with who asks for them. @throws manifest-invalid, never with what stands in it as a password */
export function imagesWithAuth(folder: string): readonly NamedImage[] {
  const file = join(folder, authListName);
  if (!existsSync(file)) return [];
  const reading = readDocument(readFileSync(file, "utf8"), file, sectionField);
  if (!reading.ok) throw manifestInvalid(file, reading.problems.map(withoutPassword));
  const { value, source } = reading.value;
  return value.flatMap(({ registry, username, password, images }, section) =>
    images.map((image, index): NamedImage => {
      const { line } = source.place({ path: [section, "images", index], code: "wrong-value", message: "" });
      const full = registry === undefined || image.startsWith(`${registry}/`) ? image : `${registry}/${image}`;
      return { image: full, file: authListName, line, credentials: { kind: "password", username, password } };
    }),
  );
}

function withoutPassword(problem: Problem): Problem {
  const { found, hint, ...rest } = problem;
  const secret = /\b(password|username)$/.test(problem.path);
  return secret ? { ...rest, message: "Expected text that is not empty.", hint: "Put it in quotes." } : problem;
}
