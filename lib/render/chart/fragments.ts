/** Templates that an emitter moves out of the way: by body, since many services share one. */
export interface Fragments {
  /** Name of the template with this body; `name` is a wish. */
  named(name: string, body: string): string;
}

/** What a template says at its top, once for all of its objects. */
export interface Head {
  /** Block of values.yaml that is the file's own, such as `controlApi`: `$service` in the text. */
  readonly block: string | undefined;
  /** Included templates by the variable that holds what they print. */
  readonly variables: Map<string, string>;
}
