/** The part of shacl-engine 1.1 that we use; the package brings no types of its own. */
declare module 'shacl-engine' {
  interface ShaclTerm {
    readonly termType: string;
    readonly value: string;
  }
  interface ShaclPointer {
    readonly term: ShaclTerm | undefined;
    readonly terms: readonly ShaclTerm[];
  }
  interface ShaclResult {
    readonly focusNode: ShaclPointer;
    readonly path: readonly { readonly predicates: readonly ShaclTerm[] }[] | undefined;
    readonly value: ShaclPointer | undefined;
    readonly message: readonly ShaclTerm[];
    readonly severity: ShaclTerm;
    readonly constraintComponent: ShaclTerm;
    readonly args: Readonly<Record<string, unknown>>;
    /** The shape that is broken; `ptr` is its node in the graph of shapes. */
    readonly shape: { readonly ptr: { out(predicates: readonly object[]): ShaclPointer } };
  }
  export class Validator {
    constructor(shapes: object, options: { factory: object });
    /** @param shapes those to check, by their terms; all where it is absent */
    validate(
      data: { dataset: object },
      shapes?: readonly { readonly terms: readonly object[] }[],
    ): Promise<{ readonly results: readonly ShaclResult[] }>;
  }
}
