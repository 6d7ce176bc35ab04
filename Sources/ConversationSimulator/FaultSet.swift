/// Which faults a simulation draws from.
public struct FaultSet: Sendable, Equatable {
    /// In the order of the enum, so that a draw does not depend on how the set was written.
    public private(set) var faults: [SimulatedFault]

    public static let all = FaultSet(SimulatedFault.allCases)
    public static let none = FaultSet([])

    public init(_ faults: [SimulatedFault]) {
        self.faults = SimulatedFault.allCases.filter { faults.contains($0) }
    }

    /// `all`, `none`, or names separated by commas.
    public init(parsing text: String) throws(FaultSetError) {
        switch text {
        case "all": self = .all
        case "none": self = .none
        default:
            var faults: [SimulatedFault] = []
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                var name = part
                while name.first == " " { name.removeFirst() }
                while name.last == " " { name.removeLast() }
                guard let fault = SimulatedFault(rawValue: String(name)) else {
                    throw FaultSetError(name: String(name))
                }
                faults.append(fault)
            }
            self.init(faults)
        }
    }

    public var isEmpty: Bool { faults.isEmpty }
    public func contains(_ fault: SimulatedFault) -> Bool { faults.contains(fault) }
}

/// A name that is no fault's.
public struct FaultSetError: Error, Equatable, CustomStringConvertible {
    public let name: String

    public var description: String {
        let names = SimulatedFault.allCases.map(\.rawValue).joined(separator: ", ")
        return "no fault is called \"\(name)\"; expected all, none, or a list of: \(names)"
    }
}
