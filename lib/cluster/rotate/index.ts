export { trustFingerprint } from './chain.js';
export type { FactsOptions, RotationFacts } from './facts.js';
export type { Performed } from './perform.js';
export { type Progress, type RotateOptions, type Rotation, rotate, rotationStatus } from './rotate.js';
export { type RotationStep, STEPS, type StepId } from './steps.js';
export type { StepState } from './verdict.js';
