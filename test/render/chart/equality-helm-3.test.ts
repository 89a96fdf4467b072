import { describeEquality } from './_equality.js';

describeEquality(3);
