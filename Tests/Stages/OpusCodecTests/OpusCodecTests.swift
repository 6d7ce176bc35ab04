// Tests of this room arrive with its first type.
