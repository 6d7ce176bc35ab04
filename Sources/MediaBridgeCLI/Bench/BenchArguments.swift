public import ArgumentParser
public import Configuration
public import HostBench

// By their names, with all of them listed when another one is given.
extension CapacityProfile: ExpressibleByArgument {}
extension BenchDetector: ExpressibleByArgument {}
