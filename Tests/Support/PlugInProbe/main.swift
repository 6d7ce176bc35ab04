import Glibc

// A detector as a program: 20 ms windows at 8 kHz, speech when a sample is over 1,000. Its argument says what it does wrong.
//   stt: a recogniser, which says how many samples it was given
//   live | live-crash | live-chatter: one of streams, which says who it is and where speech began and ended
//   flood: answers without end | daemon MARK: leaves a child in a session of its own and dies after ten windows, and its socket with the child
//   stubborn MARK: neither ends with its input nor by a signal that can be refused, and so does its child
//   live-flood: a recogniser that goes on for calls that are over
//   good | slow | silent | crash | wrong | nan | leak | mute | foreign | deaf
let habit = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "good"

func say(_ line: String, to descriptor: Int32 = 1) {
    var bytes = Array((line + "\n").utf8)
    unsafe _ = write(descriptor, &bytes, bytes.count)
}

func bytes(_ count: Int) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
        let taken = unsafe bytes.withUnsafeMutableBytes { unsafe read(0, $0.baseAddress! + done, count - done) }
        guard taken > 0 else { return nil }
        done += taken
    }
    return bytes
}

func number(_ bytes: [UInt8], _ place: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) } }

switch habit {
case "mute": while true { sleep(1) }
case "foreign": say("hello, who is there?")
case "stt", "stt-crash": say("{\"role\":\"stt\",\"sampleRateHz\":16000}")
case "live", "live-crash", "live-chatter", "live-flood":
    say("{\"role\":\"stt\",\"sampleRateHz\":8000,\"streaming\":true}")
default: say("{\"role\":\"vad\",\"version\":1,\"sampleRateHz\":8000,\"windowSamples\":160}")
}
if habit == "deaf" { while true { sleep(1) } }

/// A copy of this process that stays, in a session of its own, and is seen by its name among the processes.
func leaveChild() {
    let mark = CommandLine.arguments.count > 2 ? CommandLine.arguments[2] : "child"
    var arguments = unsafe [strdup(CommandLine.arguments[0]), strdup("stay"), strdup(mark), nil]
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    unsafe posix_spawnattr_setflags(&attributes, Int16(0x80))  // POSIX_SPAWN_SETSID, which wants _GNU_SOURCE.
    unsafe _ = posix_spawn(nil, arguments[0]!, nil, &attributes, &arguments, environ)
}

if habit == "stubborn" || habit == "stay" {
    for number in [SIGTERM, SIGINT, SIGHUP, SIGPIPE] { _ = signal(number, SIG_IGN) }
}
if habit == "stay" { while true { sleep(1) } }
if habit == "stubborn" || habit == "daemon" { leaveChild() }
if habit == "flood" { while true { say("{\"call\":1,\"speech\":true}") } }

var windows = 0
var given = 0
var began = 0
var hoard: [[UInt8]] = []
while let header = bytes(12) {
    let call = number(header, 0), kind = number(header, 4)
    guard let content = bytes(number(header, 8)) else { break }
    if habit.hasPrefix("stt") {
        if kind == 0 { given = 0 }
        if kind == 1 { given += content.count / 2 }
        if habit == "stt-crash", kind == 5 { exit(3) }
        if kind == 3 {
            say("{\"call\":\(call),\"partial\":\"not yet\"}")
            say("{\"call\":\(call),\"final\":\"heard\",\"confidence\":0.9}")
            say("{\"call\":\(call),\"final\":\"\(given) samples\",\"confidence\":0.7,\"start\":10,\"end\":20}")
            say("{\"call\":\(call),\"done\":true}")
        }
        continue
    }
    if habit.hasPrefix("live") {
        if kind == 1 {
            say("{\"call\":\(call),\"partial\":\"so far\"}")
            if habit == "live-chatter" { say("and another thing") }
        }
        if kind == 4 { began = number(content, 0) }
        if kind == 5 {
            if habit == "live-crash" { exit(3) }
            let text = "call \(call) of \(getpid())"
            say(
                "{\"call\":\(call),\"final\":\"\(text)\",\"confidence\":0.9,\"start\":\(began),\"end\":\(number(content, 0))}"
            )
        }
        if kind == 3 { say("{\"call\":\(call),\"done\":true}") }
        if kind == 3, habit == "live-flood" { while true { say("{\"call\":\(call),\"partial\":\"and\"}") } }
        continue
    }
    guard kind == 1 else { continue }
    windows += 1
    var isLoud = false
    for index in 0..<content.count / 2 {
        let sample = Int16(bitPattern: UInt16(content[index * 2]) | UInt16(content[index * 2 + 1]) << 8)
        if sample > 1_000 { isLoud = true }
    }
    switch habit {
    case "slow": usleep(400_000)
    case "daemon" where windows > 10: exit(3)
    case "silent" where windows > 10: continue
    case "crash" where windows > 10:
        say("out of luck", to: 2)
        exit(3)
    case "wrong" where windows > 10:
        say("speech, I think")
        continue
    case "nan" where windows > 10:
        say("{\"call\":\(call),\"speech\":true,\"probability\":7}")
        continue
    case "leak":
        hoard.append([UInt8](repeating: 1, count: 4 << 20))
    default: break
    }
    say("{\"call\":\(call),\"speech\":\(isLoud)}")
}
if habit == "stubborn" { while true { sleep(1) } }
