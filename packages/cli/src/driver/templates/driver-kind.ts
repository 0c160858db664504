/** What the templates of drivers differ in. */
export interface DriverKind {
  readonly description: string;
  /** e.g. `docker.volumedriver/1.0` */
  readonly interface: string;
  /** Of serveDriver's first argument. */
  readonly key: string;
  /** Further lines of plugin.yaml's `driver`. */
  readonly lines: readonly string[];
  /** The items of its settings. */
  readonly items: readonly string[];
  /** What makes the driver, in main.ts; `driver.ts` exports its name. */
  readonly call: string;
  readonly exported: string;
  readonly driver: string;
  readonly test: string;
  /** How to try it once it is enabled as NAME. */
  readonly tryIt: readonly string[];
}
