import Glibc

// A detector as a program: 20 ms windows at 8 kHz, speech when a sample is over 1,000. Its argument says what it does wrong.
//   stt: a recogniser, which says how many samples it was given
//   live | live-crash | live-chatter: one of streams, which says who it is and where speech began and ended
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
case "live", "live-crash", "live-chatter": say("{\"role\":\"stt\",\"sampleRateHz\":8000,\"streaming\":true}")
default: say("{\"role\":\"vad\",\"version\":1,\"sampleRateHz\":8000,\"windowSamples\":160}")
}
if habit == "deaf" { while true { sleep(1) } }

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
