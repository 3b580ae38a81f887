/** One thing that has to be in order, or is worth showing. */
export interface ReadinessCheck {
  readonly name: string;
  readonly ok: boolean;
  /** Whether firstseen is unready while this is not ok. What is not required is only shown. */
  readonly required: boolean;
  /** In words for an operator: what is wrong, or what holds. */
  readonly detail: string;
}

export type Readiness = () => readonly ReadinessCheck[];
