import CallgrindMarks
import Foundation

// Messages counts N     under callgrind: a profile of each for N calls
// Messages times        nanoseconds for one call: the median of 15 rounds of 20 ms, taken in turns
guard CommandLine.arguments.count > 1 else { exit(2) }
let subjects = Subjects().all
var total = 0
if CommandLine.arguments[1] == "counts" {
    let iterations = CommandLine.arguments.count > 2 ? Int(CommandLine.arguments[2]) ?? 200 : 200
    for subject in subjects {
        for index in 0..<50 { total &+= subject.work(index) }
        callgrind_zero()
        for index in 0..<iterations { total &+= subject.work(index % 50) }
        subject.name.withCString { callgrind_dump($0) }
    }
} else {
    var rounds = [[Double]](repeating: [], count: subjects.count)
    let clock = ContinuousClock()
    for _ in 0..<15 {
        for (place, subject) in subjects.enumerated() {
            let start = clock.now
            var calls = 0
            while clock.now - start < .milliseconds(20) {
                for index in 0..<50 { total &+= subject.work(index) }
                calls += 50
            }
            let took = (clock.now - start).components
            rounds[place].append((Double(took.seconds) * 1e9 + Double(took.attoseconds) / 1e9) / Double(calls))
        }
    }
    for (place, subject) in subjects.enumerated() {
        print(subject.name, String(format: "%.1f", rounds[place].sorted()[7]))
    }
}
precondition(total != 0)
