/** When backups are due. */
export interface Schedule {
  /** The first moment after `after` (and after the last run began, for intervals) that is due. Milliseconds since 1970. */
  readonly next: (after: number, lastStart: number | undefined) => number;
}

/** A schedule that is none. */
export class ScheduleError extends Error {}

const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const shorthands: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
};
const farthest = 8 * 366 * 86_400_000;

/** Reads `6h`, `30m`, `1d`, or a cron expression of five fields, in UTC. @throws ScheduleError that says what is wrong */
export function parseSchedule(text: string): Schedule {
  const [, count, unit] = /^([1-9][0-9]{0,4})([mhd])$/.exec(text.trim()) ?? [];
  if (count !== undefined && unit !== undefined) {
    const period = Number(count) * (units[unit] ?? 0);
    return { next: (after, lastStart) => (lastStart === undefined ? after : Math.max(after, lastStart + period)) };
  }
  return cron(shorthands[text.trim()] ?? text.trim());
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const fields: readonly Field[] = [
  { name: "minute", min: 0, max: 59 },
  { name: "hour", min: 0, max: 23 },
  { name: "day of the month", min: 1, max: 31 },
  { name: "month", min: 1, max: 12, names: ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"] },
  { name: "day of the week", min: 0, max: 7, names: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];

function cron(text: string): Schedule {
  const words = text.split(/\s+/);
  if (words.length !== fields.length) {
    throw new ScheduleError(`SCHEDULE is '${text}': neither an interval (30m, 6h, 1d) nor a cron expression of five fields (0 3 * * *)`);
  }
  const [minutes = [], hours = [], days = [], months = [], weekdays = []] = fields.map((field, index) => values(words[index] ?? "", field));
  const [, , dayWord = "", , weekdayWord = ""] = words;
  // As cron has it: where both are given, either is enough.
  const either = !dayWord.startsWith("*") && !weekdayWord.startsWith("*");
  const isDay = (date: Date): boolean => {
    const byDay = days.includes(date.getUTCDate());
    const byWeekday = weekdays.includes(date.getUTCDay()) || (date.getUTCDay() === 0 && weekdays.includes(7));
    return either ? byDay || byWeekday : byDay && byWeekday;
  };
  const next = (after: number): number => {
    const date = new Date(Math.floor(after / 60_000) * 60_000 + 60_000);
    while (date.getTime() < after + farthest) {
      if (!months.includes(date.getUTCMonth() + 1)) date.setTime(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1));
      else if (!isDay(date)) date.setTime(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 1));
      else if (!hours.includes(date.getUTCHours())) date.setUTCHours(date.getUTCHours() + 1, 0);
      else if (!minutes.includes(date.getUTCMinutes())) date.setUTCMinutes(date.getUTCMinutes() + 1);
      else return date.getTime();
    }
    throw new ScheduleError(`SCHEDULE is '${text}': there is no such day`);
  };
  next(0);
  return { next };
}

/** The numbers that a field's text means: lists of `*`, `N`, `N-M`, each with an optional `/STEP`. */
function values(text: string, field: Field): readonly number[] {
  return text.split(",").flatMap((part) => {
    const [, range = "", step] = /^([^/]+)(?:\/([1-9][0-9]{0,2}))?$/.exec(part) ?? wrong(text, field);
    const [low, high = step === undefined ? low : field.max] =
      range === "*" ? [field.min, field.max] : range.split("-", 2).map((word) => single(word, text, field));
    if (low === undefined || high === undefined || low > high || range.split("-").length > 2) return wrong(text, field);
    return Array.from({ length: Math.floor((high - low) / Number(step ?? 1)) + 1 }, (_, index) => low + index * Number(step ?? 1));
  });
}

function single(word: string, text: string, field: Field): number {
  const named = field.names?.indexOf(word.toLowerCase()) ?? -1;
  const value = named >= 0 ? named + field.min : /^[0-9]{1,2}$/.test(word) ? Number(word) : Number.NaN;
  return value >= field.min && value <= field.max ? value : wrong(text, field);
}

function wrong(text: string, { name, min, max }: Field): never {
  throw new ScheduleError(`SCHEDULE: '${text}' is no ${name}: expected numbers from ${min} to ${max}, as in *, 5, 1-4, */2 or 1,3`);
}
