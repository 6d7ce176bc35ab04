"""Counts what held and what did not."""
import sys


class Verdict:
    def __init__(self):
        self.passed = 0
        self.failures = []

    def check(self, name, holds, detail=""):
        """Records one expectation; returns whether it held."""
        if holds:
            self.passed += 1
        else:
            self.failures.append(name)
            print(f"FAILED {name}" + (f": {detail}" if detail != "" else ""), flush=True)
        return bool(holds)

    def finish(self):
        print(f"{self.passed} passed, {len(self.failures)} failed", flush=True)
        sys.exit(1 if self.failures or not self.passed else 0)
