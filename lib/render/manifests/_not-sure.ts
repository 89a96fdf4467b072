/** Thrown inside the fast writer when it meets something that it leaves to the `yaml` package. */
export const NOT_SURE = Symbol('not sure');
