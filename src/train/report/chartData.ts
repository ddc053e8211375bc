/** A curve; null where there is no finite value. */
export interface ReportCurve {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly (number | null)[];
}

/** What the page's script draws. */
export interface ReportChart {
  readonly title: string;
  /** What x is: epochs or steps. */
  readonly x: 'epoch' | 'step';
  readonly curves: readonly ReportCurve[];
  /** Where a line stands across, and what it says. */
  readonly mark: number | null;
  readonly note: string;
  /** Whether to begin with a logarithmic axis. */
  readonly log: boolean;
}

/** All that the page's script is given. */
export interface PageData {
  readonly charts: readonly ReportChart[];
}
