/** Whether less or more of a value is better. */
export type Goal = 'min' | 'max';
