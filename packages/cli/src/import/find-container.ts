import { asRecord, asRecords, manifestInvalid, nearest } from "@outrigger/plugin";
import { type Document, isMap, isSeq, parseAllDocuments } from "yaml";
import { cliErrors } from "../errors.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** Something of a template, and where it stands: `spec.template.spec.containers[1].env`. */
export interface Leftover {
  readonly path: string;
  /** Why it has no place in plugin.yaml, or what became of it. */
  readonly reason: string;
}

/** A container of a template, with the pod around it. */
export interface FoundContainer {
  readonly container: Fields;
  /** `containers` or `initContainers`. */
  readonly list: "containers" | "initContainers";
  /** `spec.template.spec.containers[1]` */
  readonly path: string;
  readonly pod: Fields;
  readonly podPath: string;
  /** Every other container of the pod. */
  readonly others: readonly { readonly container: Fields; readonly path: string }[];
  /** What stands around the pod: the document's other fields, other documents. */
  readonly around: readonly Leftover[];
  /** The comment above each variable, by its place in the list. */
  readonly comments: ReadonlyMap<number, string>;
}

/** Where each kind keeps its pod. */
const podPlaces: Readonly<Record<string, readonly string[]>> = {
  Pod: ["spec"],
  PodTemplate: ["template", "spec"],
  Deployment: ["spec", "template", "spec"],
  ReplicaSet: ["spec", "template", "spec"],
  StatefulSet: ["spec", "template", "spec"],
  DaemonSet: ["spec", "template", "spec"],
  Job: ["spec", "template", "spec"],
  CronJob: ["spec", "jobTemplate", "spec", "template", "spec"],
};

const lists = ["containers", "initContainers"] as const;

/** Finds the container of this name in a Kubernetes template. @throws manifest-invalid, template-without-container, template-ambiguous */
export function findContainer(text: string, file: string, name: string): FoundContainer {
  const documents = parse(text, file);
  const candidates = documents.flatMap((document, index) => candidatesOf(document, documents, index));
  const matches = candidates.filter(({ container }) => container["name"] === name);
  const [match, second] = matches;
  if (match !== undefined && second === undefined) return match;
  if (match !== undefined) {
    const places = matches.map(({ path }) => path).join(", ");
    throw cliErrors["template-ambiguous"]({ file, container: name, count: matches.length, places });
  }
  const known = candidates.map(({ container }) => String(container["name"]));
  const meant = nearest(name, known);
  const listed = known.length === 0 ? "none" : known.join(", ");
  throw cliErrors["template-without-container"]({
    file,
    container: name,
    known: meant === undefined ? listed : `${listed} (nearest: ${meant})`,
  });
}

function parse(text: string, file: string): readonly Document.Parsed[] {
  const parsed = parseAllDocuments(text, { prettyErrors: true });
  const documents = Array.isArray(parsed) ? parsed : [];
  const problems = documents.flatMap((document) =>
    document.errors.map((error) => {
      const { line = 1, col: column = 1 } = error.linePos?.[0] ?? {};
      return { file, line, column, path: "", code: "yaml-syntax" as const, message: `This is not YAML: ${error.message.split("\n")[0]}` };
    }),
  );
  if (problems.length > 0) throw manifestInvalid(file, problems);
  return documents.filter((document) => document.contents !== null);
}

function candidatesOf(document: Document.Parsed, documents: readonly Document.Parsed[], index: number): FoundContainer[] {
  const value = asRecord(document.toJS());
  const place = podPlaces[String(value["kind"])] ?? bareTemplate(value);
  if (place === undefined) return [];
  const pod = place.reduce((at, key) => asRecord(at[key]), value);
  const podPath = place.join(".");
  const all = lists.flatMap((list) =>
    asRecords(pod[list]).map((container, at) => ({ container, list, at, path: [podPath, `${list}[${at}]`].filter(Boolean).join(".") })),
  );
  const around = [...fieldsAround(value, place), ...otherDocuments(documents, index)];
  return all.map((found) => ({
    ...found,
    pod,
    podPath,
    others: all.filter((other) => other !== found),
    around,
    comments: commentsOf(document, [...place, found.list, found.at, "env"]),
  }));
}

/** A template without a kind: `spec: { containers }`, `template: { spec }`, or the pod's spec itself. */
function bareTemplate(value: Fields): readonly string[] | undefined {
  if (value["kind"] !== undefined) return undefined;
  const places = [["spec"], ["template", "spec"], ["spec", "template", "spec"], []];
  return places.find((place) => Array.isArray(place.reduce((at, key) => asRecord(at[key]), value)["containers"]));
}

/** What stands beside the way to the pod. Kind and apiVersion say only what the template was. */
function fieldsAround(value: Fields, place: readonly string[]): readonly Leftover[] {
  const known = new Set(["apiVersion", "kind", "status"]);
  return place.flatMap((key, depth) => {
    const way = place.slice(0, depth);
    const parent = way.reduce((at, part) => asRecord(at[part]), value);
    return Object.keys(parent)
      .filter((other) => other !== key && !(depth === 0 && known.has(other)))
      .flatMap((other) => {
        const path = [...way, other].join(".");
        const inner = other === "metadata" ? Object.keys(asRecord(parent[other])).filter((field) => field !== "creationTimestamp") : [];
        return other === "metadata"
          ? inner.map((field) => ({ path: `${path}.${field}`, reason: "it belongs to the workload, not to the container" }))
          : [{ path, reason: "it belongs to the workload, not to the container" }];
      });
  });
}

function otherDocuments(documents: readonly Document.Parsed[], index: number): readonly Leftover[] {
  return documents.flatMap((document, at) => {
    if (at === index) return [];
    const value = asRecord(document.toJS());
    const name = String(asRecord(value["metadata"])["name"] ?? "without a name");
    return [{ path: `document ${at + 1}`, reason: `the ${String(value["kind"] ?? "document")} ${name} is another object` }];
  });
}

/** The last line of the comment above each variable, which often says what it is. */
function commentsOf(document: Document.Parsed, path: readonly (string | number)[]): ReadonlyMap<number, string> {
  const list = document.getIn(path, true);
  if (!isSeq(list)) return new Map();
  return new Map(
    list.items.flatMap((item, at) => {
      const above = isMap(item) ? (item.commentBefore ?? (at === 0 ? list.commentBefore : undefined)) : undefined;
      const line = above
        ?.split("\n")
        .map((each) => each.replace(/^[#\s]+/, "").trim())
        .findLast((each) => each !== "");
      return line === undefined ? [] : [[at, line] as const];
    }),
  );
}
