/** One condition of readiness, or a fact worth showing. */
export interface ReadinessCheck {
  readonly name: string;
  readonly ok: boolean;
  /** Whether firstseen is unready while this is not ok; otherwise it is only shown. */
  readonly required: boolean;
  /** For an operator: what is wrong, or the current state. */
  readonly detail: string;
}

export type Readiness = () => readonly ReadinessCheck[];
