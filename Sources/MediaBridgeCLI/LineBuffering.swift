@unsafe @preconcurrency import Glibc

/// Lines appear as they are printed, also into a pipe. Before the first thread.
func printLineByLine() { unsafe setvbuf(stdout, nil, _IOLBF, 0) }
